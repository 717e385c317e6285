// SPDX-License-Identifier: Apache-2.0

package clienttoken

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

var (
	busy  = outcome{status: 503}
	usual = situation{attempt: 1, budget: budgetSize, chance: 1}
)

func TestDecideByOutcome(t *testing.T) {
	repeated := map[State]bool{
		Interrupted: true, Running: true, TakenOver: true, Unavailable: true,
		TooMany: true,
	}
	for state := range again {
		next := decide(outcome{status: 500, state: state}, Policy{}.filled(), usual)
		equal(t, string(state), repeated[state], next.step == repeat)
	}
	statuses := map[int]bool{408: true, 429: true, 502: true, 503: true, 504: true}
	for status := 200; status < 600; status++ {
		next := decide(outcome{status: status}, Policy{}.filled(), usual)
		equal(t, "a status", statuses[status], next.step == repeat)
	}
	for one := range faultNames {
		next := decide(outcome{fault: one}, Policy{}.filled(), usual)
		equal(t, faultNames[one], one == notSent || one == unanswered, next.step == repeat)
	}
}

func TestDecideAStateOutweighsTheStatus(t *testing.T) {
	next := decide(outcome{status: 503, state: Executed}, Policy{}.filled(), usual)
	equal(t, "step", done, next.step)
}

func TestDecide(t *testing.T) {
	second := time.Second
	endless := Policy{Attempts: 99, Total: 1e9 * second}
	for _, one := range []struct {
		name     string
		outcome  outcome
		policy   Policy
		given    situation
		expected decision
	}{
		{"first", busy, Policy{}, usual, decision{repeat, second / 20, 14, ""}},
		{"second", busy, Policy{}, situation{2, 0, 500, 1}, decision{repeat, second / 10, 14, ""}},
		{"third", busy, Policy{}, situation{3, 0, 500, 1}, decision{giveUp, 0, 0, "it was sent 3 times"}},
		{"once", busy, Policy{Attempts: 1}, usual, decision{giveUp, 0, 0, "it was sent once"}},
		{"no chance", busy, Policy{}, situation{1, 0, 500, 0}, decision{repeat, 0, 14, ""}},
		{"ninth", busy, endless, situation{9, 0, 500, 1}, decision{repeat, 12800 * time.Millisecond, 14, ""}},
		{"tenth", busy, endless, situation{10, 0, 500, 1}, decision{repeat, 20 * second, 14, ""}},
		{"ninetieth", busy, endless, situation{90, 0, 500, 1}, decision{repeat, 20 * second, 14, ""}},
		{"asked", outcome{status: 503, retryAfter: 120 * second}, Policy{}, usual,
			decision{repeat, 120*second + second/20, 14, ""}},
		{"asked too much", outcome{status: 503, retryAfter: 121 * second}, Policy{}, usual,
			decision{giveUp, 0, 0, "the server asks to wait 121 s"}},
		{"in time", busy, Policy{}, situation{1, 299900 * time.Millisecond, 500, 1},
			decision{repeat, second / 20, 14, ""}},
		{"late", busy, Policy{}, situation{1, 299990 * time.Millisecond, 500, 1},
			decision{giveUp, 0, 0, "300 s are over"}},
		{"throttled", outcome{status: 429}, Policy{}, situation{1, 0, 5, 1},
			decision{repeat, second / 20, 5, ""}},
		{"throttled with a state", outcome{status: 429, state: TooMany}, Policy{}, usual,
			decision{repeat, second / 20, 5, ""}},
		{"last of the budget", busy, Policy{}, situation{1, 0, 14, 1}, decision{repeat, second / 20, 14, ""}},
		{"poor", busy, Policy{}, situation{1, 0, 13, 1}, decision{giveUp, 0, 0, reasonBudget}},
		{"answered", outcome{status: 202}, Policy{}, situation{9, 0, 0, 1}, decision{}},
	} {
		t.Run(one.name, func(t *testing.T) {
			equal(t, "decision", one.expected, decide(one.outcome, one.policy.filled(), one.given))
		})
	}
}

func TestBudget(t *testing.T) {
	budget := NewBudget()
	budget.give()
	equal(t, "full", 500, budget.Left())
	taken := 0
	for budget.take(cost) {
		taken++
	}
	equal(t, "retries", 35, taken)
	budget.give()
	equal(t, "after a success", 500-35*14+1, budget.Left())
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for text, expected := range map[string]time.Duration{
		"":                              0,
		"7":                             7 * time.Second,
		" 7 ":                           7 * time.Second,
		"-7":                            0,
		"soon":                          0,
		"1.5":                           0,
		"Fri, 02 Jan 2026 03:05:05 GMT": time.Minute,
		"Fri, 02 Jan 2026 03:03:05 GMT": 0,
	} {
		equal(t, text, expected, retryAfter(text, now))
	}
	if huge := retryAfter(strings.Repeat("9", 40), now); huge <= longestRetryAfter {
		t.Errorf("a huge number is %v", huge)
	}
}

func TestTransient(t *testing.T) {
	equal(t, "a gateway's", true, Transient(502, http.Header{}))
	equal(t, "a state", true, Transient(409, http.Header{StateHeader: {"running"}}))
	equal(t, "another state", false, Transient(503, http.Header{StateHeader: {"executed"}}))
	equal(t, "a new state", false, Transient(409, http.Header{StateHeader: {"surprising"}}))
}
