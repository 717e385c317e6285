// SPDX-License-Identifier: Apache-2.0

package clienttoken

import (
	"context"
	"fmt"
	"net/http"
)

// The headers of client tokens.
const (
	Header        = "X-Client-Token"
	AttemptHeader = "X-Client-Token-Attempt"
	StateHeader   = "X-Client-Token-State"

	// The IETF's name for the same thing.
	otherHeader = "Idempotency-Key"
)

// use is a token for one POST.
type use struct {
	token Token
	// How often it was sent before, by a process or a call that is gone.
	earlier int
}

type contextKey struct{}

// With gives a token to the one POST that is sent with the context. A second
// and different request with it to the same address is refused by the cloud
// with 422, so the context must not be handed on to other requests. The same
// request, sent again after a try without an answer, is resumed.
func With(ctx context.Context, token Token) context.Context {
	return context.WithValue(ctx, contextKey{}, use{token: token})
}

// Resume is With for a token that may have been sent before, by a process
// that died or a call that got no answer. Nothing is sent then unless the
// cloud promises that this is safe; see ErrNotSafe.
//
// The number of earlier tries is for the cloud's log; where it is not known,
// it is 1.
func Resume(ctx context.Context, token Token, earlier int) context.Context {
	if earlier < 1 {
		earlier = 1
	}
	return context.WithValue(ctx, contextKey{}, use{token, earlier})
}

// chosen returns the token that the caller chose for a POST, if any.
func chosen(req *http.Request) (use, bool) {
	given, found := req.Context().Value(contextKey{}).(use)
	if own := req.Header.Get(Header); own != "" {
		// The header wins. Where both are the same token, what the context
		// knows of earlier tries still holds.
		if given.token.value != own {
			given = use{token: Token{own}}
		}
		return given, true
	}
	return given, found && given.token.value != ""
}

// checkOwn tells what is wrong with a token that the caller put into the
// header by hand.
func checkOwn(header http.Header) error {
	own := header.Get(Header)
	if own == "" {
		return nil
	}
	if _, err := Parse(own); err != nil {
		return fmt.Errorf("nothing was sent: the header %s: %w", Header, err)
	}
	return nil
}

// foreign tells whether the caller has put something on the request that
// must stay as it is: the same thing under the IETF's name, which our header
// would outweigh, or a header that cannot be one token.
func foreign(header http.Header) bool {
	own, others := 0, 0
	for name, values := range header {
		switch http.CanonicalHeaderKey(name) {
		case Header:
			own += len(values)
		case otherHeader:
			others++
		}
	}
	if own == 0 {
		return others > 0
	}
	return own > 1 || header.Get(Header) == ""
}
