// SPDX-License-Identifier: Apache-2.0

package clienttoken

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	lookUpPath = "/os-client-tokens"

	// How long the look-up may wait for a request that still runs.
	longestWait = 30 * time.Second
	// How long its answer may take, beside that.
	lookUpTime = 20 * time.Second
	// An answer that is longer is not the look-up's.
	longestLookUp = 1 << 20
)

// promise is what the look-up said. Without an answer it is all false.
type promise struct {
	// Whether the cloud said anything of tokens.
	answered bool
	// Whether it keeps them.
	keepsTokens bool
	// Whether its operator says that every host keeps them.
	retrySafe bool
	// Whether a request with the token that was asked for still runs.
	running bool
}

// whyNotSafe says why a request cannot be sent again without looking first.
func (p promise) whyNotSafe() string {
	switch {
	case !p.answered:
		return "the cloud did not say whether that is safe"
	case !p.keepsTokens:
		return "this cloud keeps no client tokens"
	}
	return "this cloud does not promise that each of its hosts keeps client " +
		"tokens (its look-up does not say retry_safe)"
}

// understand returns what an answer of the look-up says. A 404 is a cloud
// without client tokens; another answer that is not the look-up's says
// nothing at all.
func understand(status int, body []byte) promise {
	if status == http.StatusNotFound {
		return promise{answered: true}
	}
	var said map[string]any
	if status != http.StatusOK || json.Unmarshal(body, &said) != nil {
		return promise{}
	}
	safe, there := said["retry_safe"]
	if !there {
		return promise{}
	}
	// Nothing but true is a promise.
	found := promise{answered: true, keepsTokens: true, retrySafe: safe == true}
	uses, _ := said["client_tokens"].([]any)
	for _, one := range uses {
		if use, ok := one.(map[string]any); ok && use["state"] == "running" {
			found.running = true
		}
	}
	return found
}

// ask reads the look-up once. Without a token it asks only what the cloud
// promises.
func (t *Transport) ask(post *http.Request, token Token, wait time.Duration) promise {
	ctx, cancel := context.WithTimeout(post.Context(), lookUpTime+wait)
	defer cancel()
	question := t.question(ctx, post, token, wait)
	answer, err := t.base.RoundTrip(question)
	if err != nil {
		return promise{}
	}
	defer answer.Body.Close()
	t.clock.hear(answer.Header)
	body, err := io.ReadAll(io.LimitReader(answer.Body, longestLookUp))
	if err != nil {
		return promise{}
	}
	found := understand(answer.StatusCode, body)
	if found.answered {
		t.mutex.Lock()
		defer t.mutex.Unlock()
		t.last = found
	}
	return found
}

// question returns the request of a look-up, with the credentials of the POST
// that it is made for.
func (t *Transport) question(
	ctx context.Context, post *http.Request, token Token, wait time.Duration,
) *http.Request {
	url := *t.endpoint
	url.Path += lookUpPath
	query := url.Query()
	if token.value == "" {
		query.Set("limit", "1")
	}
	if wait >= time.Second {
		query.Set("wait", strconv.Itoa(int(wait.Seconds())))
	}
	url.RawQuery = query.Encode()
	header := http.Header{}
	for name, values := range post.Header {
		if !ofThePost(name) {
			header[name] = append([]string(nil), values...)
		}
	}
	header.Set("Accept", "application/json")
	if token.value != "" {
		header.Set(Header, token.value)
	}
	question := &http.Request{
		Method: http.MethodGet, URL: &url, Host: post.Host, Header: header,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}
	return question.WithContext(ctx)
}

// ofThePost tells whether a header speaks of the POST itself, and not of who
// sends it.
func ofThePost(name string) bool {
	name = strings.ToLower(name)
	switch name {
	case "accept", "accept-encoding", "expect", "transfer-encoding",
		"openstack-api-version", strings.ToLower(Header),
		strings.ToLower(AttemptHeader), strings.ToLower(otherHeader):
		return true
	}
	return strings.HasPrefix(name, "content-") ||
		strings.HasPrefix(name, "if-") || strings.HasSuffix(name, "-api-version")
}
