package purchase

import (
	"context"
	"errors"
)

// store is where the journal is kept: named documents, created only where there is none, and locks. It is this small so that a bucket with
// conditional writes can be one.
//
// A document is written by whoever holds the lock that the caller associates with it. Every write is durable when the method returns.
type store interface {
	// open makes the store ready for writes.
	open(ctx context.Context) error
	// create writes a document that must not exist; errExists otherwise.
	create(ctx context.Context, name string, data []byte) error
	// read gives a document, errAbsent where there is none.
	read(ctx context.Context, name string) ([]byte, error)
	// replace writes a document whether or not it exists.
	replace(ctx context.Context, name string, data []byte) error
	// remove deletes a document; there being none is no error.
	remove(ctx context.Context, name string) error
	// list gives the names that start with prefix.
	list(ctx context.Context, prefix string) ([]string, error)
	// lock waits until it has the lock, or until the context ends, whose error it then wraps.
	lock(ctx context.Context, name string) (release func(), err error)
	// tryLock takes the lock if it is free and answers false if it is not.
	tryLock(name string) (release func(), locked bool, err error)
	// where names a document for a person to find it.
	where(name string) string
}

var (
	errExists = errors.New("the journal has such a record already")
	errAbsent = errors.New("the journal has no such record")
)
