#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Checks the model in each configuration, two at a time; see README.md.
#
# A promise that does not hold where it should, and one that holds although
# the model makes a mistake on purpose, both make this fail.

set -u
folder=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM

for tool in spin gcc; do
    if ! command -v "$tool" > /dev/null; then
        echo "make model needs $tool: apt-get install spin gcc" >&2
        exit 1
    fi
done

model=client_tokens.pml

# check NAME EXPECTED FLAGS COMPILE RUN: one configuration, in one line
check() {
    here=$work/$1
    mkdir "$here"
    (
        cd "$here" || exit 1
        # shellcheck disable=SC2086 # the flags are words
        spin $3 -a "$folder/$model" && gcc $4 -w $3 -o pan pan.c && ./pan $5
    ) > "$here/out" 2>&1
    states=$(sed -n 's/^ *\([0-9.e+]*\) states, stored.*/\1/p' "$here/out")
    seconds=$(sed -n 's/^pan: elapsed time \(.*\) seconds/\1/p' "$here/out")
    if ! grep -q '^State-vector.*errors: ' "$here/out" ||
        grep -q 'max search depth too small\|out of memory' "$here/out"; then
        verdict='not checked'
    elif grep -q '^State-vector.*errors: 0' "$here/out"; then
        verdict=holds
    else
        verdict=broken
    fi
    good=ok
    if [ "$verdict" != "$2" ]; then
        good='NOT AS IT SHOULD BE'
        touch "$work/failed"
        tail -n 20 "$here/out" >&2
    fi
    printf '%-34s %12s states %6s s  %-6s %s\n' \
        "$1" "$states" "$seconds" "$verdict" "$good"
}

# trail NAME FLAGS: what happened, in the model's own words
trail() {
    echo
    echo "Trail of $1:"
    cp "$folder"/*.pml "$work/$1"
    # shellcheck disable=SC2086
    (cd "$work/$1" && spin $2 -t -T "$model") |
        sed -n '/^worker\|^the lease\|^token\|^conductor\|^user/s/^/    /p'
}

safe='-O1 -DSAFETY'
shortest='-O0 -DSAFETY -DBFS' # breadth first: a shortest trail
live='-O0 -DNFAIR=3'         # to optimize would take longer than it saves
fair='-a -f'                 # acceptance cycles, weak fairness

# What each mistake in servers.pml breaks, and how it is made.
lost_cast='-DNO_WITHDRAWAL -DONLY=ASKED'
half_a_set='-DNO_WITHDRAWAL -DONLY=ALL'
never_built='-DNO_WITHDRAWAL -DONLY=BUILT'
today='-DNO_WITHDRAWAL -DOPEN_CLEANUP -DONLY=UNREMOVED'
open_cleanup='-DOPEN_CLEANUP -DONLY=NOT_LOST'
kept_binding='-DKEPT_BINDING -DONLY=NOT_LOST'
late_unbind='-DLATE_UNBIND -DONLY=NOT_LOST'
late_success='-DLATE_SUCCESS -DONLY=SAME'
withdraw_some='-DWITHDRAW_SOME -DONLY=ALL'
no_rowcount='-DNO_ROWCOUNT -DONLY=ONE_SET'
mapping_first='-DMAPPING_FIRST -DONLY=NOT_LOST'
lost_later='-DLOST_LATER -DONLY=ALL'
undo_later='-DUNDO_LATER -DONLY=DETACHED'
no_sweep='-DNO_SWEEP -DCONDUCTOR_LIVES -DONLY=NOTHING'
sweep_mapped='-DSWEEP_MAPPED -DCONDUCTOR_LIVES -DONLY=NOTHING'
forget='-DFORGET -DCONDUCTOR_LIVES -DONLY=NOTHING'

echo '3 workers, 2 tokens, then 2 workers, 1 token; every state is visited.'
echo
(
    check apart-promises-1-2 holds '' "$safe" -m10000000
    check apart-settled holds -DSETTLED "$live" "$fair -m1000000"
    model=servers.pml
    check servers holds '' "$safe" -m2000000
    check lost-cast broken "$lost_cast" "$shortest" ''
    check half-a-set broken "$half_a_set" "$shortest" ''
    check never-built broken "$never_built" "$shortest" ''
    check clean-up-as-it-was broken "$today" "$shortest" ''
    check open-cleanup broken "$open_cleanup" "$shortest" ''
    check kept-binding broken "$kept_binding" "$shortest" ''
    check late-unbind broken "$late_unbind" "$shortest" ''
) &
(
    check linked-promises-1-2 holds -DLINKED "$safe" -m4000000
    check linked-answered holds '-DLINKED -DANSWERED' "$live" \
        "$fair -m4000000"
    check linked-settled holds '-DLINKED -DSETTLED' "$live" "$fair -m1000000"
    check apart-answered holds -DANSWERED "$live" "$fair -m4000000"
    check no-fence broken '-DLINKED -DNO_FENCE' "$shortest" ''
    check no-link broken '-DLINKED -DNO_LINK' "$shortest" ''
    check early-link broken '-DLINKED -DEARLY_LINK' "$shortest" ''
    check no-compare broken '-DLINKED -DNO_COMPARE' "$shortest" ''
    check run-unknown broken -DRUN_UNKNOWN "$shortest" ''
    check no-skip broken '-DLINKED -DANSWERED -DNO_SKIP' "$live" \
        "$fair -m4000000"
    check no-deadline broken '-DLINKED -DANSWERED -DNO_DEADLINE' "$live" \
        "$fair -m4000000"
    check no-lapse broken '-DLINKED -DSETTLED -DNO_LAPSE' "$live" \
        "$fair -m1000000"
    model=servers.pml
    check late-success broken "$late_success" "$shortest" ''
    check withdraw-some broken "$withdraw_some" "$shortest" ''
    check no-rowcount broken "$no_rowcount" "$shortest" ''
    check mapping-first broken "$mapping_first" "$shortest" ''
    check lost-later broken "$lost_later" "$shortest" ''
    check undo-later broken "$undo_later" "$shortest" ''
    check no-sweep broken "$no_sweep" "$shortest" ''
    check sweep-mapped broken "$sweep_mapped" "$shortest" ''
    check forget broken "$forget" "$shortest" ''
)
wait

trail no-fence '-DLINKED -DNO_FENCE'
trail no-link '-DLINKED -DNO_LINK'
model=servers.pml
trail lost-cast "$lost_cast"
trail clean-up-as-it-was "$today"
trail late-success "$late_success"
trail withdraw-some "$withdraw_some"
trail no-rowcount "$no_rowcount"
trail mapping-first "$mapping_first"
trail lost-later "$lost_later"
trail sweep-mapped "$sweep_mapped"
echo
if [ -e "$work/failed" ]; then
    echo 'The model is not as it should be.' >&2
    exit 1
fi
echo 'All promises hold; each mistake breaks one.'
