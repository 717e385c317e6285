// SPDX-License-Identifier: Apache-2.0

package clienttoken

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Transport is an http.RoundTripper that lets the POSTs to one compute
// endpoint carry tokens, and repeats them where that is safe. Several
// goroutines may use it. Its fields are set before its first use.
//
// For a second endpoint, a second Transport is put around the first.
type Transport struct {
	// Policy says how far to go with retries.
	Policy Policy
	// Budget is what may be spent on retries; nil is that of the process.
	Budget *Budget
	// OnlyGiven makes no tokens: a POST carries one only if its context or
	// its header has it. Otherwise it is passed on as it is.
	OnlyGiven bool
	// Tell takes a line for a log: before each retry, and where the last
	// answer does not say what became of an earlier try. Several goroutines
	// may call it.
	Tell func(line string)

	base     http.RoundTripper
	endpoint *url.URL
	clock    serverClock
	// Holds a value until the promise was asked for, once.
	unasked chan struct{}
	mutex   sync.Mutex
	// What the look-up said last, when it said anything.
	last promise

	unfinished unfinished

	// What tests replace.
	now    func() time.Time
	sleep  func(context.Context, time.Duration) error
	chance func() float64
	random io.Reader
}

// New returns a transport for the compute endpoint of that URL, as keystone's
// catalog has it. Everything is sent by base; nil is http.DefaultTransport.
func New(base http.RoundTripper, endpoint string) (*Transport, error) {
	parsed, err := url.Parse(endpoint)
	if err != nil {
		return nil, fmt.Errorf("the compute endpoint: %w", err)
	}
	if parsed.Scheme == "" || parsed.Host == "" {
		return nil, errors.New("the compute endpoint is no absolute URL")
	}
	parsed.Path = strings.TrimRight(parsed.Path, "/")
	parsed.RawPath, parsed.RawQuery, parsed.Fragment = "", "", ""
	if base == nil {
		base = http.DefaultTransport
	}
	t := &Transport{
		base: base, endpoint: parsed, unasked: make(chan struct{}, 1),
		clock: serverClock{local: time.Now}, now: time.Now, sleep: sleep,
		chance: chance, random: rand.Reader,
	}
	t.unasked <- struct{}{}
	return t, nil
}

// NewToken returns a token for one request, in the server's time as far as
// that is known.
func (t *Transport) NewToken() (Token, error) {
	return makeToken(t.clock.now(), t.random)
}

// CloseIdleConnections closes those of the base transport.
func (t *Transport) CloseIdleConnections() {
	if base, ok := t.base.(interface{ CloseIdleConnections() }); ok {
		base.CloseIdleConnections()
	}
}

// RoundTrip sends a request. The error of a POST with a token that got no
// answer is an *UnansweredError, or wraps ErrNotSafe; of one whose token or
// body cannot be read, it wraps ErrNoToken or the body's own error.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if !t.carries(req) {
		return t.base.RoundTrip(req)
	}
	if err := checkOwn(req.Header); err != nil {
		closeBody(req)
		return nil, err
	}
	body, err := contentOf(req)
	if err != nil {
		return nil, err
	}
	if onlyReads(req, body) {
		copied, err := withBody(req.Context(), req, body)
		if err != nil {
			return nil, err
		}
		return t.base.RoundTrip(copied)
	}
	if err := t.askOnce(req); err != nil {
		given, _ := chosen(req)
		return nil, &UnansweredError{
			Err: err, Token: given.token, Attempts: given.earlier, MayHaveRun: given.earlier > 0,
		}
	}
	used, err := t.use(req)
	if err != nil {
		return nil, err
	}
	all := &attempts{transport: t, req: req, body: body, use: used}
	answer, err := all.run()
	if later, again := all.later(); again {
		t.unfinished.keep(req, later)
	}
	return answer, err
}

// carries tells whether a request is one that may carry a token.
func (t *Transport) carries(req *http.Request) bool {
	if req.Method != http.MethodPost || !t.covers(req.URL) {
		return false
	}
	// The base says of one without a header what is wrong with it.
	if req.Header == nil || foreign(req.Header) {
		return false
	}
	_, found := chosen(req)
	return found || !t.OnlyGiven
}

// use returns what a request carries: the token that was given, the one that
// it had before, or a new one.
func (t *Transport) use(req *http.Request) (use, error) {
	given, found := chosen(req)
	if before, there := t.unfinished.take(req); there {
		if given.earlier > before.earlier {
			before.earlier = given.earlier
		}
		return before, nil
	}
	if found {
		return given, nil
	}
	token, err := t.NewToken()
	return use{token: token}, err
}

// covers tells whether a URL belongs to the endpoint.
func (t *Transport) covers(target *url.URL) bool {
	return target != nil && strings.EqualFold(target.Scheme, t.endpoint.Scheme) &&
		strings.EqualFold(target.Host, t.endpoint.Host) &&
		strings.HasPrefix(target.Path, t.endpoint.Path+"/")
}

// askOnce reads, before the first POST with a token, what the cloud promises,
// and its time. Where it gives no answer, the POST goes all the same: what
// counts for a retry is asked again before that.
func (t *Transport) askOnce(post *http.Request) error {
	select {
	case _, unasked := <-t.unasked:
		if !unasked {
			return nil
		}
	case <-post.Context().Done():
		return post.Context().Err()
	}
	t.ask(post, Token{}, 0)
	if err := post.Context().Err(); err != nil {
		// This caller gave up; the next one asks.
		t.unasked <- struct{}{}
		return err
	}
	close(t.unasked)
	return nil
}

func (t *Transport) promised() promise {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return t.last
}

func (t *Transport) policy() Policy { return t.Policy.filled() }

func (t *Transport) budget() *Budget {
	if t.Budget == nil {
		return processBudget
	}
	return t.Budget
}

func (t *Transport) tell(line string) {
	if t.Tell != nil {
		t.Tell(line)
	}
}

// withBody returns a copy of a request, which a RoundTripper must not change,
// with a body of its own.
func withBody(ctx context.Context, req *http.Request, body content) (*http.Request, error) {
	reader, err := body()
	if err != nil {
		return nil, fmt.Errorf("reading the body of a request again: %w", err)
	}
	copied := req.Clone(ctx)
	copied.Body = reader
	if reader == http.NoBody {
		copied.Body = nil
	}
	copied.GetBody = body
	// For net/http it is a permission to send a POST again without asking.
	copied.Header.Del("X-Idempotency-Key")
	return copied, nil
}

func sleep(ctx context.Context, delay time.Duration) error {
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// chance returns a random number from 0 to 1. That of math/rand is the same
// in each process before Go 1.20, and clients must not wait in step.
func chance() float64 {
	var bits [8]byte
	if _, err := rand.Read(bits[:]); err != nil {
		return 1
	}
	const precision = 53
	return float64(binary.BigEndian.Uint64(bits[:])>>(64-precision)) / (1 << precision)
}
