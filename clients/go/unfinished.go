// SPDX-License-Identifier: Apache-2.0

package clienttoken

import (
	"net/http"
	"net/url"
	"reflect"
	"sync"
)

// How many requests are remembered that ended without a last word.
const longestMemory = 1000

// identity says which request it is. Where the caller gave the token, it is
// that token and the path; else what all copies share that http.Client, and
// round trippers, make of one request: its URL and its header, not equal ones.
type identity struct {
	token, path string
	url         *url.URL
	header      uintptr
}

func identityOf(req *http.Request) identity {
	if given, found := chosen(req); found {
		return identity{token: given.token.value, path: req.URL.Path}
	}
	return identity{url: req.URL, header: reflect.ValueOf(req.Header).Pointer()}
}

// unfinished remembers the tokens of requests that ended without a last word.
// Who is above this transport may send the same request again. It must not get
// another token then, and must not leave before the cloud was asked.
type unfinished struct {
	mutex sync.Mutex
	uses  map[identity]kept
	// Who they are, in the order in which they ended.
	order []identity
}

// kept is a use, and the header whose place in memory names its request: while
// it is kept, no other header has that place.
type kept struct {
	use    use
	header http.Header
}

// take returns what is remembered of a request, or of the one that was
// redirected to it, and forgets it.
func (u *unfinished) take(req *http.Request) (use, bool) {
	if found, there := u.takeOne(identityOf(req)); there {
		return found, true
	}
	// net/http says so of a request that it makes for a redirect.
	if req.Response == nil || req.Response.Request == nil {
		return use{}, false
	}
	return u.takeOne(identityOf(req.Response.Request))
}

func (u *unfinished) takeOne(who identity) (use, bool) {
	u.mutex.Lock()
	defer u.mutex.Unlock()
	found, there := u.uses[who]
	if there {
		u.forget(who)
	}
	return found.use, there
}

// keep remembers the use of a request.
func (u *unfinished) keep(req *http.Request, used use) {
	who := identityOf(req)
	u.mutex.Lock()
	defer u.mutex.Unlock()
	if u.uses == nil {
		u.uses = map[identity]kept{}
	}
	if _, there := u.uses[who]; there {
		u.forget(who)
	}
	u.uses[who] = kept{used, req.Header}
	u.order = append(u.order, who)
	if len(u.order) > longestMemory {
		u.forget(u.order[0])
	}
}

// forget needs the mutex.
func (u *unfinished) forget(who identity) {
	delete(u.uses, who)
	for place, one := range u.order {
		if one == who {
			u.order = append(u.order[:place], u.order[place+1:]...)
			return
		}
	}
}
