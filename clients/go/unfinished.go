// SPDX-License-Identifier: Apache-2.0

package clienttoken

import (
	"net/http"
	"sync"
)

// How many requests are remembered that ended without a last word.
const longestMemory = 1000

// unfinished remembers the tokens that were made for requests which ended
// without a last word. A round tripper above this one may send the same
// request again, and must not get another token then.
type unfinished struct {
	mutex sync.Mutex
	uses  map[*http.Request]use
	// Their requests, in the order in which they ended.
	order []*http.Request
}

// take returns what is remembered of a request, and forgets it.
func (u *unfinished) take(req *http.Request) (use, bool) {
	u.mutex.Lock()
	defer u.mutex.Unlock()
	found, there := u.uses[req]
	if !there {
		return use{}, false
	}
	delete(u.uses, req)
	for place, one := range u.order {
		if one == req {
			u.order = append(u.order[:place], u.order[place+1:]...)
			break
		}
	}
	return found, true
}

// keep remembers the use of a request.
func (u *unfinished) keep(req *http.Request, used use) {
	u.mutex.Lock()
	defer u.mutex.Unlock()
	if u.uses == nil {
		u.uses = map[*http.Request]use{}
	}
	u.uses[req] = used
	u.order = append(u.order, req)
	for len(u.order) > longestMemory {
		delete(u.uses, u.order[0])
		u.order = u.order[1:]
	}
}
