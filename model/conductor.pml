/* SPDX-License-Identifier: Apache-2.0
 *
 * Nova's conductor, for servers.pml: what it does with a set of servers that
 * Nova's API has asked it to build. One process for each set: conductors work
 * side by side, each as slowly as it likes, and each may die.
 *
 * It is upstream's code, as it is. Comments name the part of
 *   nova.conductor.manager.ComputeTaskManager.schedule_and_build_instances
 * that a step stands for. Of all ways in which it ends for a server, only
 * _cleanup_build_artifacts does not heed a BuildRequest that is gone.
 */

/* Where it is: what it does next for server `turn` of its set. */
#define SCHEDULE 0      /* _schedule_instances, as soon as it is asked */
#define CHECK 1         /* first loop: BuildRequest.get_by_instance_uuid */
#define CREATE 2        /* first loop: instance.create */
#define MAP 3           /* second loop: _map_instance_to_cell */
#define DISPATCH 4      /* second loop: _delete_build_request */
#define SPOIL 5         /* _cleanup_build_artifacts: ERROR, the mapping, ... */
#define SPOIL_REQUEST 6 /* ... build_request.destroy */
#define BURY 7          /* _bury_in_cell0: instance.create, ... */
#define BURY_MAP 8      /* ... inst_mapping.save, ERROR, ... */
#define BURY_REQUEST 9 /* ... build_request.destroy */
#define END 10

#define number (2 * i + turn)
#define it server[number]

/* The same for the set's other server; after both, the next thing. */
inline turn_to(next) {
    if
    :: turn == 0 -> turn = 1
    :: turn == 1 -> turn = 0; does = next
    fi
}

/* It dies, or an error leaves it: the rest of the set stays as it is, as it
 * does without a token. Its allocations are not followed any further. */
inline stop() {
    broke[i] = 1;
    server[2 * i].claimed = 0;
    server[2 * i + 1].claimed = 0;
    does = END
}

proctype Conductor(byte i) {
    byte does = SCHEDULE;
    bit turn = 0;
    bit absent[2];    /* None, the first loop's placeholder */

end:
    do
    /* The scheduler claims allocations for all of the set, or for none. */
    :: atomic { does == SCHEDULE && asked[i] == QUEUED ->
        asked[i] = TAKEN_UP;
        if
        :: printf("conductor: schedules set %d\n", i);
            server[2 * i].claimed = 1;
            server[2 * i + 1].claimed = 1;
            does = CHECK
        :: printf("conductor: finds no host for set %d\n", i);
            does = BURY
        fi }

    /* First loop. Who is gone here loses mapping and allocations, too. */
    :: atomic { does == CHECK ->
        if
        :: it.request -> does = CREATE
        :: else ->
            printf("conductor: skips server %d, which is gone\n", number);
            absent[turn] = 1;
            it.mapping = NONE;
            it.claimed = 0;
            settle();
            turn_to(MAP)
        fi }
    :: atomic { does == CREATE ->
        printf("conductor: creates the record of server %d\n", number);
        it.record = 1;
        does = CHECK;
        turn_to(MAP) }

    /* Second loop */
    :: atomic { does == MAP ->
        if
        :: absent[turn] -> turn_to(END)
        :: !absent[turn] ->
            /* _recheck_quota, before the loop; fill_provider_mapping */
            printf("conductor: finds set %d over quota, or worse\n", i);
            turn = 0;
            does = SPOIL
        :: !absent[turn] && it.mapping == NONE -> stop()
        :: !absent[turn] && it.mapping != NONE ->
            printf("conductor: maps server %d to its cell\n", number);
            it.mapping = CELL;
            settle();
            does = DISPATCH
        fi }
    :: atomic { does == DISPATCH ->
        if
        :: it.request ->
            printf("conductor: has server %d built\n", number);
            it.request = 0;
            it.served = 1;
            does = MAP;
            turn_to(END)
        :: it.request ->
            /* _create_and_bind_arq_for_instance */
            printf("conductor: fails to bind accelerators\n");
            it.request = 0;
            it.served = 1;
            turn = 0;
            does = SPOIL
        :: !it.request ->
            printf("conductor: drops server %d, which is gone\n", number);
            it.record = 0; settle();
            does = MAP;
            turn_to(END)
        fi }

    /* _set_vm_state_and_notify raises for a record that is not there. */
    :: atomic { does == SPOIL ->
        if
        :: absent[turn] -> turn_to(END)
        :: !absent[turn] && (!it.record || it.mapping == NONE) ->
            printf("conductor: stops, server %d has no record\n", number);
            stop()
        :: !absent[turn] && it.record && it.mapping != NONE ->
            printf("conductor: makes server %d an error\n", number);
            it.mapping = CELL;
            settle();
            does = SPOIL_REQUEST
        fi }
    :: atomic { does == SPOIL_REQUEST ->
        if
        :: it.request -> it.request = 0; it.served = 1
        :: else
        fi;
        does = SPOIL;
        turn_to(END) }

    /* No host: all records go to cell0, then the BuildRequests. */
    :: atomic { does == BURY ->
        if
        :: it.mapping == CELL -> turn_to(BURY_REQUEST)
        :: else ->
            printf("conductor: buries server %d in cell0\n", number);
            it.record = 1;
            does = BURY_MAP
        fi }
    :: atomic { does == BURY_MAP ->
        if
        :: it.mapping != NONE -> it.mapping = CELL; settle()
        :: else
        fi;
        if
        :: !it.record -> stop()
        :: else -> does = BURY; turn_to(BURY_REQUEST)
        fi }
    :: atomic { does == BURY_REQUEST ->
        if
        :: it.request ->
            it.request = 0;
            it.served = 1;
            turn_to(END)
        :: !it.request && it.record -> it.record = 0; settle(); turn_to(END)
        :: !it.request && !it.record -> stop()
        fi }

#ifndef CONDUCTOR_LIVES
    :: atomic { does != SCHEDULE && does != END ->
        printf("conductor: dies while it has set %d\n", i);
        stop() }
#endif
    :: atomic { does == END ->
        asked[i] = DONE_WITH;
        does = SCHEDULE;
        turn = 0;
        absent[0] = 0;
        absent[1] = 0;
        settle() }
    od
}
