// SPDX-License-Identifier: Apache-2.0

package clienttoken

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"sync/atomic"
	"time"
)

// attempts are the tries of one POST.
type attempts struct {
	transport *Transport
	req       *http.Request
	body      content
	use       use

	promise promise
	// Once bytes of one try may have arrived, no later try takes that back.
	mayHaveRun bool
	// Whether an earlier try may have run that no service spoke of.
	open bool
	// How often it was sent, and what the last try came to.
	number int
	last   outcome
}

// try is what came of one.
type try struct {
	outcome outcome
	answer  *http.Response
	err     error
}

// run returns the answer to the last try.
func (a *attempts) run() (*http.Response, error) {
	a.promise = a.transport.promised()
	if a.use.earlier > 0 {
		a.mayHaveRun, a.open = true, true
		if a.promise = a.lookUp(0); !a.promise.retrySafe {
			return nil, a.refusal()
		}
	}
	policy := a.transport.policy()
	started := a.transport.now()
	for attempt := 1; ; attempt++ {
		tried := a.try(a.use.earlier + attempt)
		a.number, a.last = attempt, tried.outcome
		a.mayHaveRun = a.mayHaveRun || tried.outcome.mayHaveRun()
		next := a.decide(tried, policy, attempt, started)
		if next.step != repeat {
			return a.end(tried, next.reason)
		}
		a.open = a.open || a.last.mayHaveRun() && a.last.state == ""
		a.transport.tell(fmt.Sprintf(
			"%s; sending the request again with the same client token in %.1f s (attempt %d of %d)",
			tried.outcome, next.delay.Seconds(), attempt+1, policy.Attempts))
		if err := a.transport.sleep(a.req.Context(), next.delay); err != nil {
			return a.end(tried, err.Error())
		}
	}
}

// refusal returns the error with which a resumed request is not sent.
func (a *attempts) refusal() error {
	a.last = outcome{fault: unanswered}
	err := fmt.Errorf("%w, and %s", ErrNotSafe, a.promise.whyNotSafe())
	if a.promise.answered {
		return err
	}
	return a.unanswered(err, "")
}

// end returns the answer of the last try, or its error.
func (a *attempts) end(tried try, reason string) (*http.Response, error) {
	if tried.answer == nil {
		return nil, a.unanswered(tried.err, reason)
	}
	if !a.open || !a.last.refuses() {
		return tried.answer, nil
	}
	// It tells nothing of the earlier try. Who is above must not go on as if
	// nothing had run, with a new request.
	err := fmt.Errorf("the last try was answered with %s", a.last)
	switch {
	case a.last.redirects() && a.elsewhere(tried.answer):
		return nil, a.unanswered(err, "it was redirected to another endpoint")
	case a.last.status == http.StatusUnauthorized:
		return nil, a.unanswered(err, "its caller has to log in again")
	case !a.last.redirects():
		a.transport.tell(fmt.Sprintf("%s; but an earlier try of the request got no answer, "+
			"and may have run: look first what it did", a.last))
	}
	return tried.answer, nil
}

// elsewhere tells whether a redirection leads away from the endpoint.
func (a *attempts) elsewhere(answer *http.Response) bool {
	target, err := answer.Location()
	return err != nil || !a.transport.covers(target)
}

func (a *attempts) unanswered(err error, reason string) error {
	return &UnansweredError{
		Err:        err,
		Token:      a.use.token,
		Attempts:   a.use.earlier + a.number,
		MayHaveRun: a.mayHaveRun,
		RetrySafe:  a.promise.retrySafe,
		Reason:     reason,
		promise:    a.promise,
	}
}

// later returns what the request carries if it is sent again from above.
func (a *attempts) later() (use, bool) {
	if a.mayHaveRun && !a.last.settles(a.open) {
		return use{a.use.token, a.use.earlier + a.number}, true
	}
	// A request that is redirected is the same one, and has not run.
	return use{token: a.use.token}, a.last.redirects()
}

// try sends the request once.
func (a *attempts) try(number int) try {
	ctx := a.req.Context()
	if limit := a.transport.policy().Attempt; limit > 0 {
		limited, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		ctx = limited
	}
	left := &departure{}
	req, err := withBody(left.watch(ctx), a.req, a.body)
	if err != nil {
		return try{outcome{fault: noBody}, nil, err}
	}
	req.Header.Set(Header, a.use.token.value)
	req.Header.Set(AttemptHeader, strconv.Itoa(number))
	answer, err := a.transport.base.RoundTrip(req)
	if err == nil {
		err = complete(answer)
	}
	if err == nil {
		err = a.stateless(answer)
	}
	if err != nil {
		return try{ofError(err, left.possible()), nil, err}
	}
	a.transport.clock.hear(answer.Header)
	answer.Request = a.req
	if answer.StatusCode < http.StatusBadRequest {
		a.transport.budget().give()
	}
	return try{ofAnswer(answer, a.transport.clock.now()), answer, nil}
}

// complete reads an answer to its end, so that half of one is noticed while
// the request can still be sent again.
func complete(answer *http.Response) error {
	defer answer.Body.Close()
	read, err := io.ReadAll(answer.Body)
	if err != nil {
		return fmt.Errorf("half of an answer: %w", err)
	}
	answer.Body = io.NopCloser(bytes.NewReader(read))
	return nil
}

// stateless returns the error of a success that does not say that its token
// was kept. Where each host keeps tokens, it was cut, or comes from something
// that stands before the hosts.
func (a *attempts) stateless(answer *http.Response) error {
	if a.promise.retrySafe && StateOf(answer.Header) == "" && answer.StatusCode < http.StatusMultipleChoices {
		return fmt.Errorf("an answer %d that is not the compute API's: it bears no %s",
			answer.StatusCode, StateHeader)
	}
	return nil
}

// decide says what to do after a try, and pays for a retry.
func (a *attempts) decide(tried try, policy Policy, attempt int, started time.Time) decision {
	t, ctx := a.transport, a.req.Context()
	if err := ctx.Err(); err != nil && tried.err != nil {
		return decision{step: giveUp, reason: "its caller has given up"}
	}
	next := decide(tried.outcome, policy, situation{
		attempt, t.now().Sub(started), t.budget().Left(), t.chance(),
	})
	if next.step != repeat {
		return next
	}
	if a.mayHaveRun {
		left := policy.Total - t.now().Sub(started)
		if next = a.askAgain(tried.outcome, next, left); next.step != repeat {
			return next
		}
		if t.now().Sub(started)+next.delay > policy.Total {
			return decision{step: giveUp, reason: overdue(policy)}
		}
	}
	if deadline, found := ctx.Deadline(); found && t.now().Add(next.delay).After(deadline) {
		return decision{step: giveUp, reason: "its caller's deadline is nearer than the next try"}
	}
	if !t.budget().take(next.cost) {
		return decision{step: giveUp, reason: reasonBudget}
	}
	return next
}

// askAgain reads whether a retry is safe; while the request still runs, the
// look-up waits for its end, as long as there is time left.
func (a *attempts) askAgain(last outcome, next decision, left time.Duration) decision {
	wait := time.Duration(0)
	if last.state == Running {
		wait = longestWait
		if left < wait {
			wait = left
		}
	}
	found := a.lookUp(wait)
	if found.answered {
		a.promise = found
	}
	if !found.retrySafe {
		return decision{step: giveUp, reason: found.whyNotSafe()}
	}
	if last.state == Running && !found.running {
		// It has ended meanwhile: there is nothing to wait for.
		next.delay = 0
	}
	return next
}

// lookUp asks for the token, and again where there is no answer: a question
// is harmless, but in an outage it is one more request, and paid for.
func (a *attempts) lookUp(wait time.Duration) promise {
	t := a.transport
	for attempt := 1; ; attempt++ {
		found := t.ask(a.req, a.use.token, wait)
		if found.answered || attempt >= t.policy().Attempts || !t.budget().take(cost) {
			return found
		}
		delay := time.Duration(t.chance() * float64(delayAfter(attempt)))
		if t.sleep(a.req.Context(), delay) != nil {
			return found
		}
		wait = 0
	}
}

// departure tells whether bytes of a request may have left. A base transport
// that does not say so is thought to have sent them.
type departure struct{ sought, connected int32 }

func (d *departure) watch(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { atomic.StoreInt32(&d.sought, 1) },
		GotConn: func(httptrace.GotConnInfo) { atomic.StoreInt32(&d.connected, 1) },
	})
}

func (d *departure) possible() bool {
	return atomic.LoadInt32(&d.sought) == 0 || atomic.LoadInt32(&d.connected) == 1
}
