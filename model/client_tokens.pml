/* SPDX-License-Identifier: Apache-2.0
 *
 * The protocol of client tokens, for Spin; README.md says how to run it.
 *
 * WORKERS requests are under way at a time, each bears one of TOKENS tokens,
 * and as soon as one has been answered or has died another takes its place:
 * any number of retries, of the same request or of a different one.
 *
 * One step of the model is one transaction of the database or one act of
 * Nova. Between any two of them a worker may die, pause for as long as
 * anything else takes, and come back; so "slow" needs no state of its own.
 * The one transaction that is not one step is Nova's: it holds the lock of
 * the token's row from the binding to the commit (pc COMMIT).
 *
 * Comments name the code that a step stands for, in
 *   library/openstack_idempotency/{protocol,engine}: {decision,attempt,execution,recovery,
 *     engine,heartbeat}.py
 *   library/openstack_idempotency/sql: Store is store.py, with the modules it is made of;
 *     and link.py
 *
 * What to check:
 *   LINKED       the operation's resource is in the API database; else not
 *   ANSWERED     promise 3, for one request (see the end)
 *   SETTLED      promise 3, for a client that keeps trying (see the end)
 * Mistakes to make, each of which breaks a promise:
 *   NO_FENCE     link._fence does not check that the claim still holds
 *   NO_LINK      the token is bound in a transaction after Nova's own
 *   EARLY_LINK   the token is bound in a transaction before Nova's own
 *   NO_COMPARE   Store._compare_and_swap does not compare
 *   NO_SKIP      transaction.unlocked waits for locked rows
 *   NO_DEADLINE  Engine.answer waits without wait_timeout
 *   NO_LAPSE     leases never run out
 *   RUN_UNKNOWN  decide() runs an operation that is not linked again
 */

#ifndef WORKERS
#define WORKERS 3
#endif
#ifndef TOKENS
#define TOKENS 2
#endif
#define LOOKS 2    /* looks at a running request within wait_timeout */
#define NOBODY 3   /* not a worker */
#define GONE 4     /* a request that has been answered, or has died */

/* record.State */
#define RUNNING 0
#define ENDED 1    /* SUCCEEDED or FAILED: decide() does not tell them apart */
#define UNKNOWN 2

/* Where a worker is: what it does next. */
#define IDLE 0
#define LOOK 1             /* Store.look, another time: see again() */
#define CLAIM 2            /* Store.claim */
#define RERUN 3            /* Store.rerun */
#define RECOVER 4          /* Store.recover, for Recovery.recover */
#define TAKE_ACCEPTED 5    /* Store.recover, for Recovery.reconcile */
#define TAKE_UNKNOWN 6
#define METHOD 7           /* Work.run: Nova's method */
#define COMMIT 8           /* in Nova's transaction, the row's lock is ours */
#define BIND_LATE 9        /* NO_LINK only */
#define REBUILD 10         /* Recovery._rebuilt, in recover */
#define KEEP_ACCEPTED 11   /* Recovery._found: Store.complete(SUCCEEDED) */
#define KEEP_UNKNOWN 12    /* Store.complete(UNKNOWN) */

/* The row of a token (models.ClientToken), as it is committed. */
bit exists[TOKENS];
byte state[TOKENS];
byte owner[TOKENS];
bit linked[TOKENS];    /* linked > 0: rows in client_token_resources */
bit leased[TOKENS];    /* now < lease_until */
bit expired[TOKENS];   /* now >= expires_at */
bit differs[TOKENS];   /* fingerprint: there are two requests, 0 and 1 */
byte lock[TOKENS];     /* who holds the row's lock in Nova's transaction */

/* What really is, whatever the row says of it. */
byte maker[TOKENS];    /* whose set of resources is committed */
bit took_effect[TOKENS];  /* an operation that is not linked */
bit recorded[TOKENS];  /* its instance action */
bit twice[TOKENS];     /* two sets, or two effects: never */
bit settled[TOKENS];   /* its client has a definite answer */

/* A worker, and its request. */
byte pc[WORKERS];
byte tok[WORKERS];
bit other[WORKERS];    /* which of the two requests */
bit did[WORKERS];      /* it has had its effect; not linked only */
bit late[WORKERS];     /* what it does is for a life of the token gone by */
bit frozen[WORKERS];   /* only where liveness is checked, see above */
byte looks;            /* of worker 0, at a running request */
byte makes[WORKERS];   /* what it tried to make, see may_make */

#ifdef SETTLED
/* Faults end at some time; without that nobody could promise an end. */
byte crashes = 1;
byte freezes = 1;
byte lapses = 1;       /* of leases whose owner lives and is awake */
byte ends = 1;         /* tokens that expire */
#define FEW(budget) (budget > 0)
#define SPEND(budget) budget--
#else
#define FEW(budget) true
#define SPEND(budget) skip
#endif

#define held(w, t) (exists[t] && owner[t] == w)
#define runs(t) (state[t] == RUNNING && leased[t])
/* Whether an operation that is not linked has acted does not matter for its
 * end, so that promise 3 need not know it. */
#if !defined(LINKED) && !defined(ANSWERED) && !defined(SETTLED)
#define EFFECTS
#define has_acted(w) (did[w] || late[w])
#else
#define has_acted(w) true
#endif
#define unlocked(t) (lock[t] == NOBODY)
#define at(w, where) (pc[w] == where && !frozen[w])
/* Between Heartbeat.keep's two ends. */
#define beats(w) (pc[w] >= METHOD && pc[w] <= BIND_LATE || pc[w] == REBUILD)

/* The request is over: answered, or dead with what it had in memory. */
inline leave(w, t) {
    if :: maker[t] == w -> maker[t] = GONE :: else fi;
    if :: owner[t] == w -> owner[t] = GONE :: else fi;
    pc[w] = IDLE;
    tok[w] = 0;
    other[w] = 0;
    did[w] = 0;
    late[w] = 0;
    makes[w] = 0;
    frozen[w] = 0
#ifdef ANSWERED
    if :: w == 0 -> looks = 0 :: else fi
#endif
}

/* Not answered now: Engine.answer looks again, until its deadline. For all
 * others a request that waits is as good as one that comes in later. */
inline again(w, t) {
#ifdef ANSWERED
    if
    :: w == 0 && looks < LOOKS -> looks++; pc[w] = LOOK
#ifdef NO_DEADLINE
    :: w == 0 && looks == LOOKS -> pc[w] = LOOK
#else
    :: w == 0 && looks == LOOKS -> leave(w, t)       /* InProgress: 409 */
#endif
    :: w != 0 -> leave(w, t)
    fi
#else
    leave(w, t)
#endif
}

/* A column that Store._compare_and_swap compares has changed: owner, state,
 * linked or lease_until. An owner's name or a lease in milliseconds never
 * comes back, so whoever has read the row before is going to find that, and
 * a takeover or a claim of its own is going to fail: here, it has failed. */
#ifdef NO_COMPARE
#define outdated(v, t) false
#else
#define outdated(v, t) (tok[v] == t && pc[v] >= CLAIM && pc[v] <= TAKE_UNKNOWN)
#endif
inline changed(w, t) {
    if :: w != 0 && outdated(0, t) -> again(0, t) :: else fi;
    if :: w != 1 && outdated(1, t) -> again(1, t) :: else fi;
#if WORKERS > 2
    if :: w != 2 && outdated(2, t) -> again(2, t) :: else fi
#endif
}

/* The token's life ends: the next use is a new request (protocol 3). */
#define outlive(w) late[w] = 1; did[w] = 0
inline new_life(t) {
#ifdef EFFECTS
    if :: tok[0] == t && pc[0] == METHOD -> outlive(0) :: else fi;
    if :: tok[1] == t && pc[1] == METHOD -> outlive(1) :: else fi;
#if WORKERS > 2
    if :: tok[2] == t && pc[2] == METHOD -> outlive(2) :: else fi;
#endif
    took_effect[t] = 0;
#endif
    recorded[t] = 0;
    maker[t] = NOBODY
}

/* Anything but 409 with Retry-After, or 503. */
inline definite(w, t) {
#ifdef SETTLED
    settled[t] = 1;
#endif
    leave(w, t)
}

/* Store._fresh */
inline take(w, t) {
    state[t] = RUNNING;
    owner[t] = w;
    linked[t] = 0;
    leased[t] = 1;
    expired[t] = 0;
    differs[t] = other[w];
    changed(w, t);
    other[w] = 0;
    late[w] = 0;
    pc[w] = METHOD
}

/* Store.complete: a request that has lost the row changes nothing. */
inline complete(w, t, outcome) {
    if
    :: held(w, t) ->
        state[t] = outcome;
        leased[t] = 0;    /* counts no more */
        if :: outcome != UNKNOWN -> expired[t] = 0; recorded[t] = 0 :: else fi;
        changed(w, t)
    :: else
    fi
}

/* Store.free, apart from its condition */
inline delete_row(w, t) {
    exists[t] = 0;
    state[t] = RUNNING;
    owner[t] = NOBODY;
    linked[t] = 0;
    leased[t] = 0;
    expired[t] = 0;
    differs[t] = 0;
    changed(w, t);
    new_life(t)
}

/* decision.decide, line by line, and what Attempt.act makes of it */
inline decide(w, t) {
    if
    :: !exists[t] -> pc[w] = CLAIM
    :: exists[t] && expired[t] && !runs(t) -> pc[w] = RERUN
    :: exists[t] && (!expired[t] || runs(t)) ->
        if
        :: differs[t] != other[w] -> definite(w, t)      /* REFUSE: 422 */
        :: else ->
            if
            :: runs(t) -> again(w, t)                    /* WAIT */
            :: !runs(t) && state[t] == ENDED ->
                /* REPLAY, or REBUILD if it is not stored: reads only */
                assert(differs[t] == other[w]);
                definite(w, t)
#ifdef LINKED
            :: !runs(t) && state[t] == RUNNING && linked[t] ->
                pc[w] = RECOVER; other[w] = 0
            :: !runs(t) && state[t] == RUNNING && !linked[t] ->
                pc[w] = RERUN
#else
#ifdef RUN_UNKNOWN
            :: !runs(t) && (state[t] == RUNNING || state[t] == UNKNOWN) ->
                pc[w] = RERUN
#else
            :: !runs(t) && (state[t] == RUNNING || state[t] == UNKNOWN) ->
                /* RECONCILE: Work.started asks for the instance action */
                pc[w] = (recorded[t] -> TAKE_ACCEPTED : TAKE_UNKNOWN);
                other[w] = 0
#endif
#endif
            fi
        fi
    fi
}

/* transaction.unlocked */
#ifdef NO_SKIP
#define reachable(t) unlocked(t)
#else
#define reachable(t) true
#endif

#define may_free(w, t) (held(w, t) && !linked[t])

/* How much a request makes counts only where its end does. */
#if defined(SETTLED)
#define may_make(w) (makes[w] < 1)
#define making(w) makes[w]++
#elif defined(ANSWERED)
#define may_make(w) (w != 0 || makes[w] < 2)
#define making(w) if :: w == 0 -> makes[w]++ :: else fi
#else
#define may_make(w) true
#define making(w) skip
#endif

/* A client that has its answer stops, where that counts. */
#ifdef SETTLED
#define still_wanted(t) (!settled[t])
#else
#define still_wanted(t) true
#endif
#define wanted (still_wanted(0) || still_wanted(1))

/* Workers are alike: a request goes to the first that is free. So are tokens:
 * worker 0, where it is the one to check, uses the first. */
#ifdef ANSWERED
#define may_use(w, t) (w != 0 || t == 0)
#define in_turn(w) (w < 2 || pc[w - 1] != IDLE)
#else
#define may_use(w, t) true
#define in_turn(w) (w == 0 || pc[w - 1] != IDLE)
#endif

proctype Worker(byte w) {
end:
    do
    /* A request, or a retry of one, comes in (Engine.answer); Store.look
     * reads its row, decide() decides. */
    :: atomic { pc[w] == IDLE && in_turn(w) && wanted ->
        if
        :: still_wanted(0) -> tok[w] = 0
        :: still_wanted(1) && may_use(w, 1) -> tok[w] = 1
        fi;
#if !defined(ANSWERED) && !defined(SETTLED)
        if
        :: other[w] = 0
        :: other[w] = 1
        fi;
#endif
        decide(w, tok[w]) }
    :: atomic { at(w, LOOK) -> decide(w, tok[w]) }

    /* Store.claim: the unique key decides. It waits a bounded time for a
     * claim that is not committed yet, then it is looked at again. */
    :: atomic { at(w, CLAIM) ->
        if
        :: !exists[tok[w]] ->
            printf("worker %d claims token %d\n", w, tok[w]);
            exists[tok[w]] = 1;
            take(w, tok[w])
        :: else -> again(w, tok[w])
        fi }

    /* Store.rerun: _compare_and_swap skips a locked row; steps.forget. */
    :: atomic { at(w, RERUN) && reachable(tok[w]) ->
        if
        :: unlocked(tok[w]) ->
            printf("worker %d takes token %d over, to run it\n", w, tok[w]);
            if
            :: expired[tok[w]] -> new_life(tok[w])
            :: else -> skip
            fi;
            take(w, tok[w])
        :: else -> again(w, tok[w])
        fi }

    /* Store.recover: _compare_and_swap, for Recovery.recover */
    :: atomic { at(w, RECOVER) && reachable(tok[w]) ->
        if
        :: unlocked(tok[w]) ->
            printf("worker %d takes token %d over, to tell\n", w, tok[w]);
            owner[tok[w]] = w;
            leased[tok[w]] = 1;
            changed(w, tok[w]);
            pc[w] = REBUILD
        :: else -> again(w, tok[w])
        fi }

#ifdef LINKED
    /* Nova inserts a resource, its first or (min_count) another one:
     * link._fence, the UPDATE that takes the row's lock, before the resource
     * is inserted; link._bind then names it in the same transaction. */
#ifdef NO_LINK
    :: atomic { at(w, METHOD) -> pc[w] = COMMIT }
#else
#ifdef EARLY_LINK
    :: atomic { at(w, METHOD) && unlocked(tok[w]) ->
        if
        :: held(w, tok[w]) ->
            linked[tok[w]] = 1; changed(w, tok[w]); pc[w] = COMMIT
        :: else -> leave(w, tok[w])
        fi }
#else
    :: atomic { at(w, METHOD) && unlocked(tok[w]) && may_make(w) ->
        if
#ifdef NO_FENCE
        :: exists[tok[w]] ->
#else
        :: held(w, tok[w]) ->
#endif
            printf("worker %d binds a resource to token %d\n", w, tok[w]);
            lock[tok[w]] = w;
            making(w);
            pc[w] = COMMIT
        :: else ->
            /* errors.TakenOver: Nova rolls back, the answer is 409. */
            printf("worker %d is fenced off token %d\n", w, tok[w]);
            leave(w, tok[w])
        fi }
    /* Another one's transaction has the lock. MySQL waits, at most for
     * innodb_lock_wait_timeout, and Nova fails (below); PostgreSQL sees at
     * once that the claim is lost. */
    :: atomic { at(w, METHOD) && !unlocked(tok[w]) && !held(w, tok[w]) ->
        leave(w, tok[w]) }
#endif
#endif

    /* COMMIT of Nova's transaction */
    :: atomic { at(w, COMMIT) ->
        printf("worker %d commits a resource of token %d\n", w, tok[w]);
        if
        :: maker[tok[w]] != NOBODY && maker[tok[w]] != w -> twice[tok[w]] = 1
        :: else
        fi;
        maker[tok[w]] = w;
#ifdef NO_LINK
        pc[w] = BIND_LATE
#else
#ifndef EARLY_LINK
        linked[tok[w]] = 1;
        lock[tok[w]] = NOBODY;
        changed(w, tok[w]);
#endif
        pc[w] = METHOD
#endif
        }
    /* or its ROLLBACK */
    :: atomic { at(w, COMMIT) ->
        if :: lock[tok[w]] == w -> lock[tok[w]] = NOBODY :: else fi;
        pc[w] = METHOD }
#ifdef NO_LINK
    :: atomic { at(w, BIND_LATE) ->
        if
        :: held(w, tok[w]) ->
            linked[tok[w]] = 1; changed(w, tok[w]); pc[w] = METHOD
        :: else -> leave(w, tok[w])
        fi }
#endif
#else
    /* Not linked: Nova acts outside of the API database, and records an
     * instance action before that, after that or not at all. */
#ifdef EFFECTS
    :: atomic { at(w, METHOD) && !did[w] && !late[w] ->
        printf("worker %d acts for token %d\n", w, tok[w]);
        did[w] = 1;
        if
        :: took_effect[tok[w]] -> twice[tok[w]] = 1
        :: else -> took_effect[tok[w]] = 1
        fi }
#endif
    :: atomic { at(w, METHOD) && !late[w] && !recorded[tok[w]] && may_make(w) &&
                (state[tok[w]] == RUNNING || state[tok[w]] == UNKNOWN) ->
        /* afterwards nobody asks for it */
        making(w);
        recorded[tok[w]] = 1 }
#endif

    /* The method ends: Execution._settle. A success has made something. */
#ifdef LINKED
    :: atomic { at(w, METHOD) && (maker[tok[w]] == w || !held(w, tok[w])) ->
#else
    :: atomic { at(w, METHOD) && has_acted(w) ->
#endif
        complete(w, tok[w], ENDED);
        definite(w, tok[w]) }
#ifdef LINKED
    /* 4xx, 5xx: Store.free(made_nothing=False) */
    :: atomic { at(w, METHOD) && may_free(w, tok[w]) ->
        printf("worker %d frees token %d\n", w, tok[w]);
        delete_row(w, tok[w]);
        definite(w, tok[w]) }
    /* It made something, or lost its token. Both stay so whatever others do,
     * so that what follows is one step: Store.resources and Work.survives,
     * then, all of them for those who hold the row only, ... */
    :: atomic { at(w, METHOD) && !may_free(w, tok[w]) ->
        if
        :: held(w, tok[w]) ->
            if
            :: true ->
                /* Nova, or its user, has deleted it: Store.free */
                printf("worker %d frees token %d\n", w, tok[w]);
                delete_row(w, tok[w])
            :: true -> complete(w, tok[w], ENDED)          /* 4xx */
            :: true -> leased[tok[w]] = 0;        /* 5xx: Store.abandon */
                changed(w, tok[w])
            fi
        :: else
        fi;
        definite(w, tok[w]) }
#else
    /* 4xx, Nova refuses before it acts: Store.free */
    :: atomic { at(w, METHOD) && !did[w] ->
        if
        :: may_free(w, tok[w]) ->
            printf("worker %d frees token %d\n", w, tok[w]);
            delete_row(w, tok[w])
        :: else
        fi;
        definite(w, tok[w]) }
    /* 5xx, not linked: it stays, nobody knows what it did. */
    :: atomic { at(w, METHOD) ->
        complete(w, tok[w], ENDED);
        definite(w, tok[w]) }
#endif
    /* errors.Unavailable, in _run: the client has its answer all the same. */
    :: atomic { at(w, METHOD) -> definite(w, tok[w]) }

    /* Recovery._rebuilt, then Recovery._found: the answer; or AnswerLost, if
     * Nova does not show what was deleted. The token stays used. */
    :: atomic { at(w, REBUILD) || at(w, KEEP_ACCEPTED) ->
        complete(w, tok[w], ENDED);
        definite(w, tok[w]) }
    /* It fails: Store.abandon */
    :: atomic { at(w, REBUILD) ->
        if
        :: held(w, tok[w]) -> leased[tok[w]] = 0; changed(w, tok[w])
        :: else
        fi;
        definite(w, tok[w]) }

    /* Recovery.reconcile: Store.recover takes the row over, ... */
    :: atomic { (at(w, TAKE_ACCEPTED) || at(w, TAKE_UNKNOWN)) &&
                reachable(tok[w]) ->
        if
        :: unlocked(tok[w]) ->
            state[tok[w]] = RUNNING;
            owner[tok[w]] = w;
            leased[tok[w]] = 1;
            changed(w, tok[w]);
            pc[w] = (pc[w] == TAKE_ACCEPTED -> KEEP_ACCEPTED : KEEP_UNKNOWN)
        :: else -> again(w, tok[w])
        fi }
    /* ... and OutcomeUnknown is kept as such. */
    :: atomic { at(w, KEEP_UNKNOWN) ->
        complete(w, tok[w], UNKNOWN);
        definite(w, tok[w]) }
    od
}

/* Heartbeat.beat and Store.extend: the thread of each worker's process. A
 * renewal of a lease that has not run out changes nothing for anybody. */
inline renew(w) {
    if
    :: held(w, tok[w]) && unlocked(tok[w]) && !leased[tok[w]] ->
        leased[tok[w]] = 1;
        changed(w, tok[w])
    :: else
    fi
}
#define may_renew(w) (beats(w) && !frozen[w] && !leased[tok[w]] && \
                      held(w, tok[w]) && unlocked(tok[w]))

/* What nobody can help: time, death, sleep, and users. */
inline lapse(t) {
    printf("the lease of token %d runs out\n", t);
    leased[t] = 0
}
#define awake_owner(t) (owner[t] < WORKERS && !frozen[owner[t]])
#ifdef NO_LAPSE
#define may_lapse(t) false
#else
#define may_lapse(t) (exists[t] && runs(t))
#endif
inline die(w) {
    printf("worker %d dies\n", w);
    if
    :: lock[tok[w]] == w -> lock[tok[w]] = NOBODY   /* rolled back */
    :: else
    fi;
    leave(w, tok[w])
}
inline end_token(t) {
    printf("token %d expires\n", t);
    expired[t] = 1
}

#define TIME(t) \
    :: atomic { may_lapse(t) && !awake_owner(t) -> lapse(t) } \
    :: atomic { may_lapse(t) && awake_owner(t) && FEW(lapses) -> \
        SPEND(lapses); lapse(t) } \
    :: atomic { exists[t] && !expired[t] && !runs(t) && FEW(ends) -> \
        SPEND(ends); end_token(t) }
#define BEAT(w) \
    :: atomic { may_renew(w) -> renew(w) }
#define DEATH(w) \
    :: atomic { pc[w] != IDLE && FEW(crashes) -> SPEND(crashes); die(w) }
/* Who sleeps for ever keeps others waiting only while it holds a lock. */
#ifdef ANSWERED
#define may_sleep(w) (pc[w] == COMMIT)
#else
#define may_sleep(w) (pc[w] != IDLE)
#endif
#if defined(ANSWERED) || defined(SETTLED)
#define SLEEP(w) \
    :: atomic { may_sleep(w) && !frozen[w] && FEW(freezes) -> \
        SPEND(freezes); frozen[w] = 1 } \
    :: atomic { frozen[w] -> frozen[w] = 0 }
#else
#define SLEEP(w)
#endif

proctype World() {
end:
    do
    TIME(0)
    TIME(1)
    BEAT(0)
    BEAT(1)
    DEATH(0)
    DEATH(1)
#ifndef ANSWERED
    SLEEP(0)    /* else it is the one that does not sleep for ever */
#endif
    SLEEP(1)
#if WORKERS > 2
    BEAT(2)
    DEATH(2)
    SLEEP(2)
#endif
    od
}

/* Promises 1 and 2, in every state. A linked token that was made something
 * for says so as soon as its maker has committed: its mapping is not lost. */
#define once(t) (!twice[t])
#define named(t) (!(exists[t] && linked[t] && maker[t] == NOBODY))
#define found(t) (!(exists[t] && state[t] == ENDED && \
                    maker[t] == NOBODY))
#define mapped(t) (!(exists[t] && !linked[t] && maker[t] == GONE))

proctype Promises() {
end:
    do
    :: !once(0) || !once(1) -> assert(once(0) && once(1))
#ifdef LINKED
    :: !named(0) || !named(1) -> assert(named(0) && named(1))
    :: !found(0) || !found(1) -> assert(found(0) && found(1))
    :: !mapped(0) || !mapped(1) -> assert(mapped(0) && mapped(1))
#endif
    od
}

init {
    atomic {
        owner[0] = NOBODY; owner[1] = NOBODY;
        lock[0] = NOBODY; lock[1] = NOBODY;
        maker[0] = NOBODY; maker[1] = NOBODY;
        run Worker(0);
        run Worker(1);
#if WORKERS > 2
        run Worker(2);
#endif
        run World();
        run Promises()
    }
}

/* Promise 3, for a request: whatever happens to all others, and if they
 * sleep for ever, the worker that has it answers it, dies, or sleeps. */
#ifdef ANSWERED
ltl answered { [] (pc[0] != IDLE -> <> (pc[0] == IDLE)) }
#endif

/* Promise 3, for a client that retries until it gets another
 * answer than "not yet": when faults end, it does. */
#ifdef SETTLED
ltl all_settled { <> (settled[0] && settled[1]) }
#endif
