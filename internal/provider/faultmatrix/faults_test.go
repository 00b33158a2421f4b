package faultmatrix_test

const (
	saysMade      = "Warning: Purchase made although its answer was lost"
	saysNotFound  = "Error: Purchase not found after its answer was lost"
	saysSafe      = "It is safe to apply again"
	saysNoContact = "did not reach AUTX"
)

// sort is what the service has done when a fault strikes.
type sort int

const (
	// notDone: it has done nothing, and the run fails.
	notDone sort = iota
	// done: it has done what was asked, and its answer does not arrive.
	done
	// later: it asks to wait, and does it then.
	later
	// refused: it does nothing however often it is asked.
	refused
)

// fault is something that goes wrong with the request that moves money.
type fault struct {
	name string
	sort sort
	// rule is that of the mock server, without the operation unless it strikes in a conversation; "" where the gate makes the fault.
	rule string
	// provider is a line in the provider block.
	provider string
	// shut refuses the connection, hang lets the answer never come.
	shut, hang bool
	// says is what the run that meets it tells, where it lives to the end; alternatives are separated by |.
	says []string
	// certain tells that the run that meets it knows that nothing was done.
	certain bool

	// What follows is for conversations. frame is the text frame of the client, counted from its auth frame, that the fault is the consequence of.
	frame int
	// charges is how many messages are charged when it strikes, and turns how they read for those who live to know, by first letters.
	charges int
	turns   string
	// limited refuses the WebSocket once, cutAfter cuts it behind a frame, closes has somebody close the session, goesOn is no fault at all.
	limited, closes, goesOn bool
	// belied carries an opening out that is answered by an error.
	belied   bool
	cutAfter string
}

// faults are all of them that a request can meet, in the order of the table.
func faults() []fault {
	lost := func(name, rule, why string) fault {
		return fault{name: name, sort: done, rule: rule, says: []string{saysMade, why, "It was sent once."}}
	}
	hang := lost("hang until timeout after commit", "", "no complete answer within")
	// The time is that of every request, reads included, on however busy a machine.
	hang.hang, hang.provider = true, `timeout = "10s"`
	cut := lost("body cut", "body:truncate,bytes=9", "unexpected EOF|broke off|cut|EOF")
	cut.says[0], cut.says[2] = saysMade+"|Warning: Answer is lost", "It was sent once.|and to pay again, change idempotency_key" // AUTX keeps no answers of requests
	return []fault{
		{name: "dial refused", shut: true, provider: "max_retries = 4", says: []string{"connection refused", saysNoContact}},
		{name: "reset before", rule: "before:reset", says: []string{saysNotFound, saysSafe}},
		lost("answer lost after commit", "after:reset", "EOF|reset by peer|server closed"),
		lost("500 after commit", `after:status=500,body={"detail":"the disk is full"}`, "500 Internal Server Error: the disk is full"),
		hang,
		cut,
		{name: "429 then fine", sort: later, rule: "before:status=429,retry_after=1"},
		{name: "402", sort: refused, says: []string{"402 Payment Required", "Top them up", "nothing was charged"}},
		{name: "503 before", rule: "before:status=503", says: []string{saysNotFound, "503 Service Unavailable", saysSafe}},
	}
}
