#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Checks the model in each configuration, two at a time; see README.md.
#
# A promise that does not hold where it should, and one that holds although
# the model makes a mistake on purpose, both make this fail.

set -u
model=$(cd "$(dirname "$0")" && pwd)/client_tokens.pml
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM

for tool in spin gcc; do
    if ! command -v "$tool" > /dev/null; then
        echo "make model needs $tool: apt-get install spin gcc" >&2
        exit 1
    fi
done

# check NAME EXPECTED FLAGS COMPILE RUN: one configuration, in one line
check() {
    here=$work/$1
    mkdir "$here"
    (
        cd "$here" || exit 1
        # shellcheck disable=SC2086 # the flags are words
        spin $3 -a "$model" && gcc $4 -w $3 -o pan pan.c && ./pan $5
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
    cp "$model" "$work/$1/client_tokens.pml"
    # shellcheck disable=SC2086
    (cd "$work/$1" && spin $2 -t -T client_tokens.pml) |
        sed -n '/^worker\|^the lease\|^token/s/^/    /p'
}

safe='-O1 -DSAFETY'
shortest='-O0 -DSAFETY -DBFS' # breadth first: a shortest trail
live='-O0 -DNFAIR=3'         # to optimize would take longer than it saves
fair='-a -f'                 # acceptance cycles, weak fairness

echo '3 workers, 2 tokens; every state is visited.'
echo
(
    check apart-promises-1-2 holds '' "$safe" -m10000000
    check apart-settled holds -DSETTLED "$live" "$fair -m1000000"
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
)
wait

trail no-fence '-DLINKED -DNO_FENCE'
trail no-link '-DLINKED -DNO_LINK'
echo
if [ -e "$work/failed" ]; then
    echo 'The model is not as it should be.' >&2
    exit 1
fi
echo 'All promises hold; each mistake breaks one.'
