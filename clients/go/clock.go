// SPDX-License-Identifier: Apache-2.0

package clienttoken

import (
	"net/http"
	"sync"
	"time"
)

// serverClock tells the server's time; until an answer has told it, the local
// time. A token's age is judged by the server, so a client whose clock is
// wrong must not date its tokens by it.
type serverClock struct {
	local func() time.Time

	mutex sync.Mutex
	told  time.Time
	heard time.Time
}

// hear takes the time of an answer that has just come. One that is given
// again may bear the first one's.
func (c *serverClock) hear(header http.Header) {
	if header.Get("Idempotent-Replayed") != "" {
		return
	}
	told, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		return
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.told, c.heard = told, c.local()
}

func (c *serverClock) now() time.Time {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	now := c.local()
	if c.told.IsZero() {
		return now
	}
	// What has passed since then is measured by a clock that nobody sets.
	return c.told.Add(now.Sub(c.heard))
}
