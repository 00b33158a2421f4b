// Package client is the AUTX API in Go. It knows nothing of Terraform.
//
// A call goes from a service (agents.go, credits.go) through Client.do (call.go) into a retry loop (retry.go), the pacer that keeps to the rate
// limit (ratelimit.go) and one attempt on the wire (transport.go); its answer comes back whole, bounded in size (body.go), and is decoded tolerantly
// (decode.go, field.go). What goes wrong anywhere is an *Error (errors.go), which tells above all whether the request may have been carried out.
//
// A chat session is a WebSocket: it is opened (open.go) and then read by a goroutine of its own, which hands each frame to the turn that is running
// (conversation.go, turn.go); frames.go knows the frames, reply.go their order, and ping.go finds a connection whose other end is gone.
//
// Calls come in three kinds. Reads and writes that set absolute values are repeated after a passing failure. What spends money or creates something
// is repeated only when the request surely never reached the service: no idempotency key is documented for any call.
package client
