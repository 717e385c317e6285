// SPDX-License-Identifier: Apache-2.0

package clienttoken

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

const longestToken = 255

// ErrNoToken is wrapped by the errors about texts that cannot be tokens.
var ErrNoToken = errors.New("not a client token")

// Token is 1 to 255 visible ASCII characters, without a comma, that name one
// request. Whoever has the user's credentials, too, can have the first answer
// with it, passwords included; so it does not show when it is printed.
type Token struct{ value string }

// Parse returns the token that a caller chose. Its error tells what is wrong,
// and never repeats the text.
func Parse(text string) (Token, error) {
	if text == "" {
		return Token{}, fmt.Errorf("%w: it is empty", ErrNoToken)
	}
	if len(text) > longestToken {
		return Token{}, fmt.Errorf("%w: it has %d characters, and may have %d",
			ErrNoToken, len(text), longestToken)
	}
	// A comma separates the values of a repeated header.
	wrong := func(r rune) bool { return r < '!' || r > '~' || r == ',' }
	if place := strings.IndexFunc(text, wrong); place >= 0 {
		return Token{}, fmt.Errorf("%w: character %d is a comma, or not visible ASCII",
			ErrNoToken, place+1)
	}
	return Token{text}, nil
}

// Value returns the text that is sent.
func (t Token) Value() string { return t.value }

// String hides the token.
func (t Token) String() string { return "(a client token)" }

// GoString hides the token.
func (t Token) GoString() string { return t.String() }

// makeToken returns a new token that tells its age, a UUID of version 7: a
// service refuses one that is too old to be remembered, instead of running
// the request twice.
func makeToken(now time.Time, random io.Reader) (Token, error) {
	var bits [16]byte
	if _, err := io.ReadFull(random, bits[6:]); err != nil {
		return Token{}, fmt.Errorf("making a client token: %w", err)
	}
	var stamp [8]byte
	binary.BigEndian.PutUint64(stamp[:], uint64(now.UnixMilli()))
	copy(bits[:6], stamp[2:])
	bits[6] = bits[6]&0x0f | 7<<4
	bits[8] = bits[8]&0x3f | 0b10<<6
	text := hex.EncodeToString(bits[:])
	return Token{strings.Join([]string{
		text[:8], text[8:12], text[12:16], text[16:20], text[20:],
	}, "-")}, nil
}
