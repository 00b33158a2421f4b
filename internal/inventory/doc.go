// Package inventory shares reads between the resources of one walk of the CLI. A refresh of many objects of one kind costs a few requests, not one an
// object: the first reads are plain GETs, as a walk with one or two objects must cost no more, and from then on one list answers.
//
// A shelf is never wrong where a plain GET is right: what the list does not have is confirmed by a GET, since lists may lag behind; a list that
// fails is replaced by GETs; a write of the kind drops everything; and what this walk wrote is read by GETs from then on, as the next list may still
// show it as it was. What somebody else changes meanwhile is seen at the latest after MaxAge.
//
// Nobody waits without end: a shared request has a time of its own (ListTime, GetTime), as readers may have no deadline.
package inventory
