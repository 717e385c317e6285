// SPDX-License-Identifier: Apache-2.0

package clienttoken

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	for _, text := range []string{"a", "order-4711", strings.Repeat("a", 255), "!~"} {
		token, err := Parse(text)
		if err != nil || token.Value() != text {
			t.Errorf("%q: %v", text, err)
		}
	}
	for name, text := range map[string]string{
		"it is empty": "", "has 256 characters": strings.Repeat("a", 256),
		"character 3": "ab c", "character 1": ",ab", "character 2": "aé", "character 5": "abcd\x7f",
	} {
		_, err := Parse(text)
		if !errors.Is(err, ErrNoToken) || !strings.Contains(err.Error(), name) {
			t.Errorf("%q: %v", text, err)
		}
		if text != "" && strings.Contains(err.Error(), text) {
			t.Errorf("the message repeats the text: %v", err)
		}
	}
}

func TestTokenDoesNotShow(t *testing.T) {
	token, err := Parse("hidden")
	if err != nil {
		t.Fatal(err)
	}
	for _, form := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		if shown := fmt.Sprintf(form, token); strings.Contains(shown, "hidden") {
			t.Errorf("%s shows it: %s", form, shown)
		}
	}
	if shown := fmt.Sprint(With(context.Background(), token)); strings.Contains(shown, "hidden") {
		t.Error("its context shows it:", shown)
	}
}

func TestMakeToken(t *testing.T) {
	now := time.UnixMilli(0x0123456789ab)
	token, err := makeToken(now, bytes.NewReader(bytes.Repeat([]byte{0xff}, 10)))
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "all ones", "01234567-89ab-7fff-bfff-ffffffffffff", token.Value())
	token, err = makeToken(now, bytes.NewReader(make([]byte, 10)))
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "all zeros", "01234567-89ab-7000-8000-000000000000", token.Value())
	form := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	seen := map[string]bool{}
	for range make([]struct{}, 1000) {
		token, err := makeToken(time.Now(), rand.Reader)
		if err != nil || !form.MatchString(token.Value()) || seen[token.Value()] {
			t.Fatalf("%s, %v", token.Value(), err)
		}
		seen[token.Value()] = true
	}
	if _, err := makeToken(now, strings.NewReader("short")); err == nil {
		t.Error("a token without chance")
	}
}

func TestServerClock(t *testing.T) {
	local := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	clock := serverClock{local: func() time.Time { return local }}
	equal(t, "before it is told", local, clock.now())
	told := local.Add(time.Hour)
	date := http.Header{"Date": {told.Format(http.TimeFormat)}}
	clock.hear(date)
	local = local.Add(time.Minute)
	equal(t, "told", told.Add(time.Minute), clock.now())
	clock.hear(http.Header{"Date": {"yesterday"}})
	clock.hear(http.Header{})
	clock.hear(http.Header{
		"Date":                {local.Add(-time.Hour).Format(http.TimeFormat)},
		"Idempotent-Replayed": {"true"},
	})
	equal(t, "told nothing since", told.Add(time.Minute), clock.now())
}
