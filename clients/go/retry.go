// SPDX-License-Identifier: Apache-2.0

package clienttoken

import (
	"fmt"
	"math"
	"net/http"
	"sync"
	"time"
)

// The figures are those that AWS's SDKs have in 2026, whose retries are safe
// by tokens of the same kind.
const (
	firstDelay        = 50 * time.Millisecond
	longestDelay      = 20 * time.Second
	longestRetryAfter = 120 * time.Second

	budgetSize        = 500
	cost              = 14
	costWhenThrottled = 5
	gain              = 1
)

const reasonBudget = "too many requests of this process had to be repeated"

// Policy says how far to go. What is zero has its default.
type Policy struct {
	// Attempts is how often to send a request, the first time included: 3.
	Attempts int
	// Total is how long to begin further attempts after the first: 300 s.
	Total time.Duration
	// Attempt is how long one attempt may take, its whole answer included.
	// By default only the context and the base transport limit it.
	Attempt time.Duration
}

func (p Policy) filled() Policy {
	if p.Attempts == 0 {
		p.Attempts = 3
	}
	if p.Total == 0 {
		p.Total = 300 * time.Second
	}
	return p
}

type step int

const (
	done step = iota
	repeat
	giveUp
)

// decision is what to do after a try.
type decision struct {
	step step
	// For repeat: how long to wait before, and what it costs.
	delay time.Duration
	cost  int
	// Why it is given up although another try might help.
	reason string
}

// situation is what a decision depends on beside the outcome.
type situation struct {
	// Which try it was, from 1.
	attempt int
	// The time since the first try began.
	elapsed time.Duration
	// What is left for retries in this process.
	budget int
	// A random number from 0 to 1.
	chance float64
}

// decide returns what to do after a try of a request with a token.
func decide(o outcome, policy Policy, s situation) decision {
	switch {
	case !transient(o):
		return decision{step: done}
	case s.attempt >= policy.Attempts:
		return decision{step: giveUp, reason: "it was sent " + times(s.attempt)}
	case o.retryAfter > longestRetryAfter:
		return decision{step: giveUp, reason: fmt.Sprintf(
			"the server asks to wait %.0f s", o.retryAfter.Seconds())}
	}
	jitter := s.chance * float64(delayAfter(s.attempt))
	delay := o.retryAfter + time.Duration(jitter)
	if s.elapsed+delay > policy.Total {
		return decision{step: giveUp, reason: overdue(policy)}
	}
	price := cost
	if o.status == http.StatusTooManyRequests {
		price = costWhenThrottled
	}
	if s.budget < price {
		return decision{step: giveUp, reason: reasonBudget}
	}
	return decision{step: repeat, delay: delay, cost: price}
}

// Transient tells of an answer whether the same request, with the same token,
// may end otherwise a little later. A program that got such an answer after
// the last attempt sends it again later, with Resume.
func Transient(status int, header http.Header) bool {
	return transient(outcome{status: status, state: StateOf(header)})
}

// transient tells whether the same request may end otherwise a little later.
func transient(o outcome) bool {
	if o.fault != noFault {
		return o.fault == notSent || o.fault == unanswered
	}
	if o.state != "" {
		return again[o.state]
	}
	switch o.status {
	case http.StatusRequestTimeout, http.StatusTooManyRequests,
		http.StatusBadGateway, http.StatusServiceUnavailable,
		http.StatusGatewayTimeout:
		return true
	}
	return false
}

// delayAfter returns the longest time to wait after a try, without
// Retry-After. The delay is chosen from the whole span below (full jitter), so
// that clients that failed together do not come back together.
func delayAfter(attempt int) time.Duration {
	delay := float64(firstDelay) * math.Pow(2, float64(attempt-1))
	return time.Duration(math.Min(float64(longestDelay), delay))
}

func overdue(policy Policy) string {
	return fmt.Sprintf("%.0f s are over", policy.Total.Seconds())
}

func times(number int) string {
	if number == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", number)
}

// Budget is what may be spent on retries: they end when most of them fail.
// All transports of a process share one, unless they are given others.
type Budget struct {
	mutex sync.Mutex
	left  int
}

// NewBudget returns a full budget.
func NewBudget() *Budget { return &Budget{left: budgetSize} }

var processBudget = NewBudget()

// Left returns what is left.
func (b *Budget) Left() int {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.left
}

func (b *Budget) take(price int) bool {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if b.left < price {
		return false
	}
	b.left -= price
	return true
}

// give puts back what a success earns.
func (b *Budget) give() {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if b.left < budgetSize {
		b.left += gain
	}
}
