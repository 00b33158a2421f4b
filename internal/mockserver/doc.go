// Package mockserver is a stateful AUTX in memory: every endpoint of the AUTX API, the WebSocket included, with its money rules, so that a client
// can be tried and tested offline. It is strict, its clock is exact and its faults are never random.
//
// A test starts one with New, a program with Start. The way of a request through the package:
//
//	routes.go     which operation it is            delivery.go   latency, faults, the request log, writing the answer
//	auth.go       whose key, which scope           ratelimit.go  requests per second
//	validate.go   reading and checking the body    world.go      all state, behind one lock
//
// An operation (agents.go, launch.go, images.go, orders.go, credits.go, sessions.go, proxy.go, checkout.go; on the WebSocket socket.go and turn.go)
// runs under the world's lock: it checks everything, changes the world and returns its answer in memory. Only then is the answer delivered, or
// lost on purpose (faults.go). Money moves in one place, the append-only ledger (ledger.go); invariants.go proves after every request that it
// balances. Where the sources on AUTX differ, or a server must decide what no source states, assume.go has a switch. The control API
// (control.go, state.go, seed.go) is no part of AUTX and lies below /_mock/v1.
package mockserver
