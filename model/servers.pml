/* SPDX-License-Identifier: Apache-2.0
 *
 * One token and the servers that are made under it, for Spin; README.md says
 * how to run it. client_tokens.pml has the rest of the protocol: claims, row
 * locks, different requests, time.
 *
 * A request asks for two servers. Nova's API commits each in a transaction
 * of its own, may refuse after that and delete them again, or asks a conductor
 * to build them. WORKERS requests, all the same one, are under way at a time
 * (worker.pml); as soon as one is over another takes its place. The conductor
 * is in conductor.pml; a user deletes any server at any time.
 *
 * One step is one transaction, or one act outside of the database. Between
 * any two a worker may die, or pause for as long as all else takes. Two things
 * that the other model checks are taken for granted: who takes a token over
 * compares the row with what it has read, so that to look and to take are one
 * step; and to renew a lease that ran out unnoticed is to have it not run out,
 * so that a lease runs out when its token is taken over.
 *
 * Mistakes to make, each of which breaks a promise:
 *   NO_WITHDRAWAL  a retry answers with what is bound, however much that is
 *   OPEN_CLEANUP   Nova's clean-up is neither fenced nor does it unbind
 *   KEPT_BINDING   Nova's clean-up is fenced, but does not unbind
 *   LATE_UNBIND    it unbinds with the mapping, not with the BuildRequest
 *   LATE_SUCCESS   an answer is given though `complete` changed nothing
 *   WITHDRAW_SOME  some are withdrawn although others were taken up
 *   NO_ROWCOUNT    a BuildRequest that was there is taken for deleted
 *   MAPPING_FIRST  mappings are read before BuildRequests
 *   LOST_LATER     answer-lost is written down after the withdrawal
 *   UNDO_LATER     a retry runs before it undoes
 *   NO_SWEEP       what the conductor writes later stays
 *   SWEEP_MAPPED   ... is looked for only where the mapping names a cell
 *   FORGET         who frees the token forgets what was withdrawn
 * and CONDUCTOR_LIVES, where a trail should have nothing else in it.
 */

#ifndef WORKERS
#define WORKERS 2
#endif
#ifndef SETS
#define SETS 2
#endif
#define NOBODY 3    /* not a worker */

/* What is promised; ONLY=PROMISE checks this one alone. */
#define ONE_SET 1    /* no more than one set is left of a token's */
#define UNREMOVED 2  /* no worker removes what a success names */
#define ASKED 3      /* somebody was asked to build it */
#define ALL 4        /* it is as many as were asked for */
#define SAME 5       /* all successes name the same */
#define BUILT 6      /* in the end it is built, or its user has deleted it */
#define NOT_LOST 7   /* answer-lost: only after a user has deleted something */
#define DETACHED 8   /* a run finds no volume attached that was withdrawn */
#define NOTHING 9    /* in the end nothing is left of what was withdrawn */
#ifdef ONLY
#define promise(name, kept) assert(ONLY != name || (kept))
#else
#define promise(name, kept) assert(kept)
#endif

/* The token's row. */
#define FREE 0      /* none */
#define RUNNING 1
#define SUCCEEDED 2
#define LOST 3      /* SUCCEEDED, but for an answer: AnswerLost */
byte state = FREE;
byte owner = NOBODY;
byte lock = NOBODY; /* who holds the row's lock, while it withdraws */

/* A server: its rows, and what became of it. */
#define NONE 0      /* no mapping, */
#define NO_CELL 1   /* one without a cell, */
#define CELL 2      /* one with a cell */
typedef Server {
    bit bound;             /* client_token_resources */
    bit request;           /* BuildRequest */
    unsigned mapping : 2;  /* InstanceMapping */
    bit record;            /* Instance in a cell, not deleted */
    bit claimed;           /* allocations, in placement */
    bit withdrawn;         /* client_token_withdrawals, ... */
    bit todo;              /* ... not undone, */
    bit attached;          /* ... whose volumes are, in Cinder */
    bit made;              /* it was committed, */
    bit removed;           /* removed by a worker, */
    bit deleted;           /* deleted by a user, */
    bit served             /* built, or shown as an error, by the conductor */
};
Server server[2 * SETS];   /* set i has the servers 2i and 2i + 1 */

/* A set of servers, which one run of the request makes. */
#define QUEUED 1
#define TAKEN_UP 2
#define DONE_WITH 3
byte asked[SETS];   /* the message to the conductor */
bit broke[SETS];    /* its conductor died, or an error left it */
bit used[SETS];     /* by a worker that is still at it */
bit named[SETS];    /* a success has named it */

#define bound_in(i) (server[2 * i].bound || server[2 * i + 1].bound)
#define todo_in(i) (server[2 * i].todo || server[2 * i + 1].todo)
#define hangs_in(i) (server[2 * i].attached || server[2 * i + 1].attached)
#define left(s) (server[s].made && !server[s].removed)
#define left_in(i) (left(2 * i) || left(2 * i + 1))
#define named_in(i) named[i]
#if SETS > 2
#define ANY(what) (what(0) || what(1) || what(2))
#else
#define ANY(what) (what(0) || what(1))
#endif

#define busy(i) (asked[i] == QUEUED || asked[i] == TAKEN_UP)

/* A worker of Nova's API, and its request; see worker.pml. */
typedef Request {
    unsigned set : 2;  /* the set that it is at, */
    bit k;             /* and the server of it */
    bit runs;          /* it makes that set */
    bit saw[2];        /* what it has read: BuildRequests */
    byte cell[2]       /* and mappings */
};
Request request[WORKERS];
byte at[WORKERS];      /* what it does next */

/* A set of which nothing is left: its number is used again. */
#define over(s) (!left(s) && !server[s].record && !server[s].claimed && \
                 !server[s].todo && !server[s].bound)
#define spare(i) (!used[i] && !busy(i) && over(2 * i) && over(2 * i + 1))
inline blank(s) {
    server[s].mapping = NONE;
    server[s].withdrawn = 0;
    server[s].made = 0;
    server[s].removed = 0;
    server[s].deleted = 0
}
inline clear(i) {
    if
    :: spare(i) ->
        blank(2 * i);
        blank(2 * i + 1);
        asked[i] = 0;
        broke[i] = 0
    :: else
    fi
}
/* undoing.sweep forgets a server as soon as nothing more can come of it: the
 * conductor maps it after it has made the record, and makes none where it
 * deletes the mapping. */
#define may_forget(s) (server[s].withdrawn && !server[s].todo && \
                       (server[s].mapping == NONE || \
                        server[s].mapping == CELL && !server[s].record && \
                        !server[s].claimed))
#define FORGOTTEN(s) \
    if \
    :: may_forget(s) -> server[s].withdrawn = 0 \
    :: else \
    fi;
inline settle() {
    FORGOTTEN(0)
    FORGOTTEN(1)
    FORGOTTEN(2)
    FORGOTTEN(3)
#if SETS > 2
    FORGOTTEN(4)
    FORGOTTEN(5)
    clear(2);
#endif
    clear(0);
    clear(1)
}

#include "conductor.pml"
#include "worker.pml"

/* undoing.sweep: Nova's conductor does not always heed that a server was
 * withdrawn, or dies before it could. Each cell is asked. */
#ifdef SWEEP_MAPPED
#define asks(s) (server[s].mapping == CELL)
#else
#define asks(s) true
#endif
#ifdef NO_SWEEP
#define may_sweep(s) false
#else
#define may_sweep(s) (server[s].withdrawn && !server[s].todo && asks(s) && \
                      (server[s].record || \
                       server[s].mapping == CELL && server[s].claimed))
#endif
#define SWEEP(s) \
    :: atomic { may_sweep(s) -> \
        printf("sweep: removes what is left of server %d\n", s); \
        server[s].record = 0; \
        if \
        :: server[s].mapping == CELL -> server[s].claimed = 0 \
        :: else \
        fi; \
        settle() }

/* nova.compute.api.API._delete_while_booting, or else _delete */
#define may_delete(s) (server[s].request && server[s].mapping != NONE || \
                       server[s].mapping == CELL && server[s].record)
#define USER(s) \
    :: atomic { may_delete(s) -> \
        printf("user: deletes server %d\n", s); \
        server[s].request = 0; \
        server[s].claimed = 0; \
        server[s].deleted = 1; \
        if \
        :: server[s].mapping == CELL -> server[s].record = 0 \
        :: else \
        fi; \
        settle() }

proctype World() {
end:
    do
    USER(0)
    USER(1)
    USER(2)
    USER(3)
    SWEEP(0)
    SWEEP(1)
    SWEEP(2)
    SWEEP(3)
#if SETS > 2
    USER(4)
    USER(5)
    SWEEP(4)
    SWEEP(5)
#endif
    od
}

/* worker.pml has what must be true at an answer, a commit and a beginning;
 * this is what must be true always, */
#define unremoved(s) (!(named[(s) / 2] && server[s].removed))
/* and this when all is quiet, but for what a conductor had when it died. */
#if WORKERS > 2
#define resting(w) (at[w] == IDLE)
#else
#define resting(w) true
#endif
#define quiet (at[0] == IDLE && at[1] == IDLE && resting(2) && !ANY(busy))
#define built(s) (!(quiet && named[(s) / 2] && !broke[(s) / 2] && \
                    !server[s].served && !server[s].deleted))
#define nothing(s) (!(quiet && server[s].removed && !server[s].todo && \
                      !may_sweep(s) && \
                      (server[s].record || server[s].claimed)))
#define good(s) (unremoved(s) && built(s) && nothing(s))
#define WATCH(s) \
    :: !good(s) -> \
        promise(UNREMOVED, unremoved(s)); \
        promise(BUILT, built(s)); \
        promise(NOTHING, nothing(s))

proctype Promises() {
end:
    do
    WATCH(0)
    WATCH(1)
    WATCH(2)
    WATCH(3)
#if SETS > 2
    WATCH(4)
    WATCH(5)
#endif
    od
}

init {
    atomic {
        run Worker(0);
        run Worker(1);
#if WORKERS > 2
        run Worker(2);
#endif
        run Conductor(0);
        run Conductor(1);
#if SETS > 2
        run Conductor(2);
#endif
        run World();
        run Promises()
    }
}
