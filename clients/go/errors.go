// SPDX-License-Identifier: Apache-2.0

package clienttoken

import (
	"errors"
	"fmt"
)

// ErrNotSafe is wrapped by the error of a resumed POST that was not sent: an
// earlier request with its token may have run, and the cloud does not promise
// that it would not run again. Look first what that one did. Where the cloud
// said nothing of it, an UnansweredError has it, and the POST can be resumed
// later.
var ErrNotSafe = errors.New("nothing was sent: an earlier request with this client token may have run")

// UnansweredError is the error of a POST with a token that got no answer. It
// unwraps to the error of the last try.
type UnansweredError struct {
	// Err is what the base transport said of the last try.
	Err error
	// Token and Attempts are for Resume, which sends the same request again
	// if that is safe, also where the transport had made the token.
	Token    Token
	Attempts int
	// MayHaveRun tells whether bytes of any try may have arrived.
	MayHaveRun bool
	// RetrySafe tells whether the cloud has promised that the same request
	// with the same token can be sent again.
	RetrySafe bool
	// Reason says why there was no further try, where one might have helped.
	Reason string

	promise promise
}

func (e *UnansweredError) Error() string {
	if !e.MayHaveRun {
		return fmt.Sprintf("nothing was sent: %v", e.Err)
	}
	why := ""
	if e.Reason != "" {
		why = " (" + e.Reason + ")"
	}
	return fmt.Sprintf("no answer came%s; %s: %v", why, e.next(), e.Err)
}

// next says what the caller can do.
func (e *UnansweredError) next() string {
	switch {
	case e.RetrySafe:
		return "it is safe to send the same request again with the same client token"
	case !e.promise.answered:
		return "when the cloud answers, the same request can be resumed with the same " +
			"client token: it is sent only if that is safe"
	}
	return "look first what the request did, since " + e.promise.whyNotSafe()
}

// Unwrap returns the error of the last try.
func (e *UnansweredError) Unwrap() error { return e.Err }

// Timeout tells whether time was over, as callers of net/http ask.
func (e *UnansweredError) Timeout() bool {
	var timed interface{ Timeout() bool }
	return errors.As(e.Err, &timed) && timed.Timeout()
}
