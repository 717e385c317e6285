/* SPDX-License-Identifier: Apache-2.0
 *
 * How a retry takes servers back that perhaps nobody was asked to build, for
 * worker.pml. Comments name the code that a step stands for, in
 *   nova/db/idempotency/withdrawal.py
 *   library/openstack_idempotency/sql/withdrawing.py (Store)
 *   nova/idempotency/undoing.py
 *
 * It is one transaction, at READ COMMITTED: each statement sees what has been
 * committed by then. The token's row is locked from its first statement on.
 * The conductor maps a server to a cell before it deletes the BuildRequest: so
 * whoever finds that gone has to read the mapping after that.
 */

inline read_requests() {
    me.saw[0] = first.request;
    me.saw[1] = second.request
}
inline read_mappings() {
    me.cell[0] = first.mapping;
    me.cell[1] = second.mapping
}
/* Server n of the set can be withdrawn, was deleted by its user before the
 * conductor came to it, or has been taken up by the conductor. */
#define is_bound(n) server[2 * me.set + n].bound
#define can(n) (is_bound(n) && me.saw[n])
#define user_did(n) (is_bound(n) && !me.saw[n] && me.cell[n] == NO_CELL)
#define too_late(n) (is_bound(n) && !me.saw[n] && me.cell[n] != NO_CELL)
#ifdef NO_ROWCOUNT
#define miss(n)
#else
/* Its deletion finds no row: who was faster? */
#define miss(n) \
    if \
    :: can(n) && !server[2 * me.set + n].request -> \
        printf("worker %d: misses the BuildRequest of %d\n", w, \
               2 * me.set + n); \
        me.saw[n] = 0; \
        me.cell[n] = server[2 * me.set + n].mapping \
    :: else \
    fi
#endif
inline withdraw(n) {
    if
    :: can(n) ->
        printf("worker %d: withdraws server %d\n", w, 2 * me.set + n);
        if    /* else, with NO_ROWCOUNT, it is not removed at all */
        :: server[2 * me.set + n].request ->
            server[2 * me.set + n].request = 0;
            server[2 * me.set + n].removed = 1
        :: else
        fi;
        server[2 * me.set + n].withdrawn = 1;
        server[2 * me.set + n].todo = 1;
        server[2 * me.set + n].attached = 1;
        is_bound(n) = 0
    :: else
    fi
}

/* Fate.TAKEN: nothing is withdrawn, and the transaction is rolled back. */
inline kept() {
    printf("worker %d: finds that set %d is taken up\n", w, me.set);
#ifdef WITHDRAW_SOME
    withdraw(0);
    withdraw(1);
#endif
    lock = NOBODY;
    forget(w);
    at[w] = RECOVER
}

inline read() {
    lock = w;    /* rows.held */
#ifdef MAPPING_FIRST
    read_mappings();
#else
    read_requests();
#endif
    at[w] = READ_MORE
}
inline read_more() {
#ifdef MAPPING_FIRST
    read_requests();
#else
    read_mappings();
#endif
    if
    :: too_late(0) || too_late(1) -> kept()
    :: else -> at[w] = DELETE
    fi
}
/* Fate.WITHDRAWN; or Fate.DELETED, after which nothing runs any more. */
inline delete() {
    lock = NOBODY;
    miss(0);
    miss(1);
    if
    :: too_late(0) || too_late(1) -> kept()
    :: else ->
        withdraw(0);
        withdraw(1);
        at[w] = UNDO;
#ifdef UNDO_LATER
        at[w] = BEGIN;
#endif
#ifndef LOST_LATER
        if
        :: user_did(0) || user_did(1) -> lose()
        :: else
        fi;
#endif
        forget(w)
    fi
}

/* Attachments, the record in a cell, allocations; to do so again does no harm.
 * Cinder out of reach: `unavailable`, and as if the worker had died. */
inline undo() {
    if
    :: server[nr].todo ->
        printf("worker %d: undoes server %d\n", w, nr);
        server[nr].attached = 0;
        server[nr].record = 0;
        server[nr].claimed = 0
    :: else
    fi;
    if
    :: me.k == 0 -> me.k = 1
    :: me.k == 1 -> me.k = 0; at[w] = UNDONE
    fi
}
/* Store.undone; then the request runs, or is told that the answer is lost. */
inline undone() {
    first.todo = 0;
    second.todo = 0;
    settle();
    if
    :: state == LOST -> leave(w)
#ifdef LOST_LATER
    :: bound_in(me.set) -> lose(); leave(w)
#endif
    :: else -> me.set = 0; at[w] = BEGIN
    fi
}
