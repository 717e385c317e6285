// SPDX-License-Identifier: Apache-2.0

// Burst makes servers or keypairs with gophercloud, each with a client token,
// and prints a line of JSON for each. The cloud and the user are those of the
// OS_ variables.
//
//	burst --count 20 --kind keypair
//
// With --faults it puts a proxy between itself and the compute API, which
// loses requests and answers. With --cases it reads from its input what to
// make, a line of JSON for each: its name, which is its token, too, its kind,
// and the ids of a server's flavor and image; and it prints what the caller
// got, a server's id or a private key.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"sync"
	"time"

	"openstack-idempotency/clienttoken"
)

type options struct {
	count, parallel, attempts, rounds int
	kind, name, flavor, image         string
	proxy, endpoint                   string
	attempt                           time.Duration
	seed                              int64
	faults                            float64
	without, cases, again             bool
}

func parse() options {
	var o options
	flag.IntVar(&o.count, "count", 1, "how many to make")
	flag.IntVar(&o.parallel, "parallel", 1, "how many at once")
	flag.IntVar(&o.attempts, "attempts", 0, "how often to send a request, at most (0: the library's default)")
	flag.IntVar(&o.rounds, "rounds", 5, "how often to go on with a token after its last attempt")
	flag.StringVar(&o.kind, "kind", "server", "what to make: server or keypair")
	flag.StringVar(&o.name, "name", "go", "what their names begin with")
	flag.StringVar(&o.flavor, "flavor", "small", "the name of the servers' flavor")
	flag.StringVar(&o.image, "image", "nothing", "the name of the servers' image")
	flag.StringVar(&o.proxy, "proxy", "", "an HTTP proxy for all requests")
	flag.StringVar(&o.endpoint, "endpoint", os.Getenv("OS_COMPUTE_ENDPOINT_OVERRIDE"),
		"the compute API, in the place of the catalog's")
	flag.DurationVar(&o.attempt, "attempt-time", 0, "how long one attempt may take (0: any time)")
	flag.Float64Var(&o.faults, "faults", 0, "which share of the POSTs meets a fault, from 0 to 1")
	flag.Int64Var(&o.seed, "seed", 1, "chooses the faults")
	flag.BoolVar(&o.without, "without", false, "send no tokens, as gophercloud does by itself")
	flag.BoolVar(&o.cases, "cases", false, "read what to make; its name is its token")
	flag.BoolVar(&o.again, "again", false, "with --cases: a process that is gone may have sent these")
	flag.Parse()
	return o
}

// thing is what a call asks for.
type thing struct {
	Name, Kind, Flavor, Image string
}

// line is what became of one call.
type line struct {
	Kind     string            `json:"kind"`
	Name     string            `json:"name"`
	ID       string            `json:"id,omitempty"`
	Secret   bool              `json:"secret"`
	State    clienttoken.State `json:"state,omitempty"`
	Attempts int               `json:"attempts"`
	Rounds   int               `json:"rounds"`
	Seconds  float64           `json:"seconds"`
	Error    string            `json:"error,omitempty"`
	// What the caller got, with --cases only.
	Answer string `json:"answer,omitempty"`
}

func main() {
	if err := run(parse()); err != nil {
		fmt.Fprintln(os.Stderr, "burst:", err)
		os.Exit(1)
	}
}

func run(o options) error {
	cloud, err := connect(o)
	if err != nil {
		return err
	}
	defer cloud.close()
	wanted, err := cloud.wanted(o)
	if err != nil {
		return err
	}
	things := make(chan thing)
	var printing sync.Mutex
	var working sync.WaitGroup
	failed := 0
	for worker := 0; worker < o.parallel; worker++ {
		working.Add(1)
		go func() {
			defer working.Done()
			for one := range things {
				made := cloud.make(o, one)
				printing.Lock()
				_ = json.NewEncoder(os.Stdout).Encode(made)
				if made.Error != "" {
					failed++
				}
				printing.Unlock()
			}
		}()
	}
	for _, one := range wanted {
		things <- one
	}
	close(things)
	working.Wait()
	if failed > 0 {
		return fmt.Errorf("%d of %d failed", failed, len(wanted))
	}
	return nil
}
