/* SPDX-License-Identifier: Apache-2.0
 *
 * A worker of Nova's API with one request, for servers.pml. Comments name the
 * code that a step stands for, in
 *   library/openstack_idempotency/{protocol/decision,engine/attempt,engine/execution,engine/recovery}.py
 *   library/openstack_idempotency/sql: Store is store.py, with the modules it is made of;
 *     and link.py
 *   nova.compute.api.API
 *
 * Whoever has lost its token is fenced off at its next transaction, whatever
 * that is, and answers `taken-over`: here, as soon as it has lost the token.
 * What is not fenced, the message to the conductor, it does all the same. To
 * undo is not fenced either, but to do that late is as good as to sweep.
 */

/* What a worker does next. */
#define IDLE 0
#define BEGIN 1           /* Work.run: Nova's method */
#define COMMIT 2          /* _create_reqspec_buildreq_instmapping */
#define CLEAN_REQUEST 3   /* _cleanup_build_artifacts: BuildRequest, ... */
#define CLEAN_MAPPING 4   /* ... InstanceMapping */
#define REFUSED 5         /* the method ends with 4xx: Store.free */
#define CAST 6            /* compute_task_api.schedule_and_build_instances */
#define COMPLETE 7        /* Store.complete(SUCCEEDED), in Execution._settle */
#define READ 8            /* withdrawal.withdraw: BuildRequests are read, */
#define READ_MORE 9       /* then mappings, */
#define DELETE 10         /* then BuildRequests are deleted, COMMIT */
#define RECOVER 11        /* Recovery.recover: Work.rebuild, Store.complete */
#define UNDO 12           /* undoing.undo */
#define UNDONE 13         /* the token's withdrawals are marked as undone */

#define me request[w]
#define nr (2 * me.set + me.k)
#define first server[2 * me.set]
#define second server[2 * me.set + 1]
#define holds (owner == w)   /* rows.held */

inline forget(v) {
    request[v].saw[0] = 0;
    request[v].saw[1] = 0;
    request[v].cell[0] = NONE;
    request[v].cell[1] = NONE
}
/* The request is over: answered, or dead with what it had in memory. Who
 * takes its place is somebody else. */
inline leave(v) {
    if :: owner == v -> owner = NOBODY :: else fi;
    if :: lock == v -> lock = NOBODY :: else fi;
    if
    :: request[v].runs -> used[request[v].set] = 0; settle()
    :: else
    fi;
    at[v] = IDLE;
    request[v].set = 0;
    request[v].k = 0;
    request[v].runs = 0;
    forget(v)
}

#ifdef OPEN_CLEANUP
#define cleans(v) (at[v] == COMMIT && request[v].k > 0 || \
                   at[v] == CLEAN_REQUEST || at[v] == CLEAN_MAPPING)
#else
#define cleans(v) false
#endif
#ifdef LATE_SUCCESS
#define completes(v) (at[v] == COMPLETE)
#else
#define completes(v) false
#endif
inline lose_token(v) {
    if
    :: owner == v && at[v] != CAST && !cleans(v) && !completes(v) ->
        printf("worker %d: has lost the token\n", v);
        leave(v)
    :: else
    fi
}

/* A success: it names all that was asked for, which somebody was asked to
 * build, which nobody has removed, and what any other success names. */
inline succeed(all) {
    printf("worker %d: answers with a success, set %d\n", w, me.set);
    promise(UNREMOVED, !first.removed && !second.removed);
    promise(ASKED, asked[me.set]);
    promise(ALL, all);
    promise(SAME, !ANY(named_in) || named[me.set]);
    named[me.set] = 1
}
/* answer-lost: only where a user has deleted something. */
inline lose() {
    printf("worker %d: writes answer-lost down\n", w);
    promise(NOT_LOST, first.deleted || second.deleted);
    first.bound = 0;
    second.bound = 0;
    state = LOST
}

#define shown(s) (s.request || s.mapping == CELL)
#define rebuilt (first.bound && shown(first) || \
                 !first.bound && second.bound && shown(second))

#define in_turn (w == 0 || at[w - 1] != IDLE)   /* workers are alike */

#include "withdrawal.pml"

proctype Worker(byte w) {
end:
    do
    /* Store.claim */
    :: atomic { at[w] == IDLE && in_turn && state == FREE ->
        printf("worker %d: claims the token\n", w);
        state = RUNNING;
        owner = w;
        at[w] = BEGIN }
    /* The lease has run out: Store.rerun or Store.recover, which skip a locked
     * row. What is to be undone comes first, then what is bound. */
    :: atomic { at[w] == IDLE && in_turn && lock == NOBODY &&
                (state == RUNNING || state == LOST && ANY(todo_in)) ->
        printf("worker %d: takes the token over\n", w);
        lose_token(0);
        lose_token(1);
#if WORKERS > 2
        lose_token(2);
#endif
        owner = w;
        if
#ifndef UNDO_LATER
        :: todo_in(0) -> at[w] = UNDO
        :: todo_in(1) -> me.set = 1; at[w] = UNDO
#if SETS > 2
        :: todo_in(2) -> me.set = 2; at[w] = UNDO
#endif
#endif
        :: bound_in(0) -> at[w] = READ
        :: bound_in(1) -> me.set = 1; at[w] = READ
#if SETS > 2
        :: bound_in(2) -> me.set = 2; at[w] = READ
#endif
        :: else -> at[w] = BEGIN
        fi }

    /* A run begins; it fails if a volume is still attached. */
    :: atomic { at[w] == BEGIN ->
        settle();
        promise(DETACHED, !ANY(hangs_in));
        if
        :: spare(0) -> me.set = 0
        :: spare(1) && !spare(0) -> me.set = 1
#if SETS > 2
        :: spare(2) && !spare(1) && !spare(0) -> me.set = 2
#endif
        fi;
        used[me.set] = 1;
        me.runs = 1;
        at[w] = COMMIT }

    /* link._fence, then the rows, then link._bind. Nothing else is left of
     * what was made under the token. */
    :: atomic { at[w] == COMMIT && holds ->
        printf("worker %d: commits server %d\n", w, nr);
        promise(ONE_SET, me.set == 0 || !left_in(0));
        promise(ONE_SET, me.set == 1 || !left_in(1));
#if SETS > 2
        promise(ONE_SET, me.set == 2 || !left_in(2));
#endif
        server[nr].bound = 1;
        server[nr].request = 1;
        server[nr].mapping = NO_CELL;
        server[nr].made = 1;
        if
        :: me.k == 0 -> me.k = 1
        :: me.k == 1 -> me.k = 0; at[w] = CAST
        fi }
    /* It refuses, before it commits or (a server group's quota) after that. */
    :: atomic { (at[w] == COMMIT || at[w] == CAST) && holds ->
        printf("worker %d: refuses the request\n", w);
        at[w] = (first.made -> CLEAN_REQUEST : REFUSED);
        me.k = 0 }

    /* Of each server that was committed: the RequestSpec, on which nothing
     * here depends, the BuildRequest, the mapping, if they are there. */
#ifdef OPEN_CLEANUP
    :: atomic { at[w] == COMMIT && !holds && me.k > 0 ->
        printf("worker %d: is fenced off\n", w);
        me.k = 0;
        at[w] = CLEAN_REQUEST }
#endif
    :: atomic { at[w] == CLEAN_REQUEST ->
        printf("worker %d: cleans server %d up\n", w, nr);
#if !defined(OPEN_CLEANUP) && !defined(KEPT_BINDING) && !defined(LATE_UNBIND)
        /* in a transaction that deletes something */
        if :: server[nr].request -> server[nr].bound = 0 :: else fi;
#endif
        server[nr].request = 0;
        server[nr].removed = 1;
        at[w] = CLEAN_MAPPING }
    :: atomic { at[w] == CLEAN_MAPPING ->
        server[nr].mapping = NONE;
#if !defined(OPEN_CLEANUP) && !defined(KEPT_BINDING)
        server[nr].bound = 0;
#endif
        if
        :: me.k == 0 && second.made -> me.k = 1; at[w] = CLEAN_REQUEST
        :: else -> me.k = 0; at[w] = REFUSED
        fi;
        if :: !holds -> leave(w) :: else fi }
    :: atomic { at[w] == REFUSED ->
        printf("worker %d: frees the token\n", w);
        first.bound = 0;
        second.bound = 0;
#ifdef FORGET
        server[2 - 2 * me.set].withdrawn = 0;
        server[3 - 2 * me.set].withdrawn = 0;
#endif
        state = FREE;
        leave(w) }

    /* The message may be lost, or arrive although Nova hears of an error: that
     * is 500, `interrupted`, and for the token as if the worker died. */
    :: atomic { at[w] == CAST ->
        printf("worker %d: asks the conductor for set %d\n", w, me.set);
        asked[me.set] = QUEUED;
        if
        :: holds -> at[w] = COMPLETE
#ifdef LATE_SUCCESS
        :: !holds -> at[w] = COMPLETE
#else
        :: !holds -> leave(w)
#endif
        fi }
    :: atomic { at[w] == COMPLETE ->
        if
        :: holds -> state = SUCCEEDED
        :: !holds    /* LATE_SUCCESS only */
        fi;
        succeed(true);
        leave(w) }

#ifdef NO_WITHDRAWAL
    :: atomic { at[w] == READ -> at[w] = RECOVER }
#else
    :: atomic { at[w] == READ -> read() }
    :: atomic { at[w] == READ_MORE -> read_more() }
    :: atomic { at[w] == DELETE -> delete() }
#endif
    /* Work.rebuild reads the first server that is bound, which is not there if
     * its user deleted it before the conductor came to it. */
    :: atomic { at[w] == RECOVER ->
        if
        :: rebuilt -> state = SUCCEEDED; succeed(first.bound && second.bound)
        :: else -> lose()
        fi;
        leave(w) }

    :: atomic { at[w] == UNDO -> undo() }
    :: atomic { at[w] == UNDONE -> undone() }

    :: atomic { at[w] != IDLE ->
        printf("worker %d: dies\n", w);
        leave(w) }
    od
}
