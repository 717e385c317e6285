// SPDX-License-Identifier: Apache-2.0

package clienttoken

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// State is what an answer says of its request.
type State string

// The states; docs/protocol.md, section 3, says what each means.
const (
	Executed    State = "executed"
	Replayed    State = "replayed"
	Rebuilt     State = "rebuilt"
	Interrupted State = "interrupted"
	Running     State = "running"
	TakenOver   State = "taken-over"
	Unavailable State = "unavailable"
	TooMany     State = "too-many"
	Different   State = "different"
	Expired     State = "expired"
	Forbidden   State = "forbidden"
	Failed      State = "failed"
	Unknown     State = "unknown"
	AnswerLost  State = "answer-lost"
	Invalid     State = "invalid"
)

// again says of each state whether the same request may end otherwise later.
var again = map[State]bool{
	Executed: false, Replayed: false, Rebuilt: false,
	Interrupted: true, Running: true, TakenOver: true, Unavailable: true,
	TooMany: true, Different: false, Expired: false, Forbidden: false,
	Failed: false, Unknown: false, AnswerLost: false, Invalid: false,
}

// StateOf returns what an answer says of its request, or "" if it says
// nothing: it is not from a service that keeps tokens.
func StateOf(answer http.Header) State {
	state := State(answer.Get(StateHeader))
	if _, known := again[state]; !known {
		return ""
	}
	return state
}

// fault is why there is no answer.
type fault int

const (
	noFault fault = iota
	notSent
	notTrusted
	unanswered
	noBody
)

// faultNames says what each is, for a log.
var faultNames = map[fault]string{
	notSent:    "no connection",
	notTrusted: "its certificate is not trusted",
	unanswered: "no answer",
	noBody:     "its body cannot be read again",
}

// outcome is what came of one try.
type outcome struct {
	// 0: there is no answer.
	status     int
	state      State
	fault      fault
	retryAfter time.Duration
}

// mayHaveRun tells whether bytes of the request may have reached a service.
func (o outcome) mayHaveRun() bool {
	return o.fault == noFault || o.fault == unanswered
}

// settles tells whether the token has done its work. Otherwise the same
// request must not get another one. An earlier try that got no answer (open)
// may still arrive, and run, after a refusal.
func (o outcome) settles(open bool) bool {
	switch o.state {
	case Replayed, Rebuilt, Invalid:
		return true
	case Executed:
		return !open || o.status < http.StatusBadRequest
	case "":
		return !open && !transient(o)
	}
	return false
}

// refuses tells whether who reads the answer thinks that nothing has run.
func (o outcome) refuses() bool {
	return o.status >= http.StatusMultipleChoices && !transient(o) &&
		(o.state == "" || o.state == Executed)
}

// redirects tells whether net/http sends the request to where the answer says.
func (o outcome) redirects() bool {
	return o.status == http.StatusTemporaryRedirect || o.status == http.StatusPermanentRedirect
}

func (o outcome) String() string {
	if o.fault != noFault {
		return faultNames[o.fault]
	}
	if o.state != "" {
		return fmt.Sprintf("HTTP %d, %s", o.status, o.state)
	}
	return fmt.Sprintf("HTTP %d", o.status)
}

func ofAnswer(answer *http.Response, now time.Time) outcome {
	return outcome{
		status:     answer.StatusCode,
		state:      StateOf(answer.Header),
		retryAfter: retryAfter(answer.Header.Get("Retry-After"), now),
	}
}

// ofError returns what an error means; left tells whether bytes of the
// request may have left.
func ofError(err error, left bool) outcome {
	var (
		authority x509.UnknownAuthorityError
		name      x509.HostnameError
		invalid   x509.CertificateInvalidError
	)
	switch {
	case errors.As(err, &authority), errors.As(err, &name), errors.As(err, &invalid):
		return outcome{fault: notTrusted}
	case left:
		return outcome{fault: unanswered}
	}
	return outcome{fault: notSent}
}

// retryAfter returns how long an answer asks to wait: seconds, or a date.
func retryAfter(text string, now time.Time) time.Duration {
	text = strings.TrimSpace(text)
	seconds, err := strconv.ParseUint(text, 10, 32)
	if err == nil || errors.Is(err, strconv.ErrRange) {
		// Of what is too large, the largest.
		return time.Duration(seconds) * time.Second
	}
	when, err := http.ParseTime(text)
	if err != nil || when.Before(now) {
		return 0
	}
	return when.Sub(now)
}
