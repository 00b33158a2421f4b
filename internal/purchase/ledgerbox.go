package purchase

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// ledgerBox keeps a command's ledger and lets one at a time work on it.
type ledgerBox interface {
	// update runs change on the ledger and keeps what it did, unless it fails.
	update(ctx context.Context, change func(*ledger) error) error
}

// turnstile is a mutex whose wait a context can end.
type turnstile chan struct{}

func newTurnstile() turnstile { return make(turnstile, 1) }

func (t turnstile) enter(ctx context.Context) error {
	select {
	case t <- struct{}{}:
		return nil
	default:
	}
	select {
	case t <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (t turnstile) leave() { <-t }

// memoryBox is the ledger of a desk without a CLI around it.
type memoryBox struct {
	turn turnstile
	ledger
}

func newMemoryBox() *memoryBox { return &memoryBox{turn: newTurnstile()} }

func (b *memoryBox) update(ctx context.Context, change func(*ledger) error) error {
	if err := b.turn.enter(ctx); err != nil {
		return err
	}
	defer b.turn.leave()
	return change(&b.ledger)
}

// fileBox shares the ledger between the processes of one command: a file in the journal's directory, named by the CLI's process. It is not synced
// to the disk: a crash of the machine ends the command as well.
type fileBox struct {
	dir    string
	name   processID
	turn   turnstile
	opened bool
	// last is what this box has written last, and state what it says: while nobody else writes, reading it again would only cost.
	last  []byte
	state *ledger

	encoder ledgerEncoder
}

func newFileBox(journal string, name processID) *fileBox {
	return &fileBox{dir: filepath.Join(journal, "runs"), name: name, turn: newTurnstile()}
}

func (b *fileBox) path(suffix string) string { return filepath.Join(b.dir, string(b.name)+suffix) }

func (b *fileBox) update(ctx context.Context, change func(*ledger) error) error {
	if err := b.turn.enter(ctx); err != nil {
		return err
	}
	defer b.turn.leave()
	if !b.opened {
		if err := os.MkdirAll(b.dir, dirMode); err != nil {
			return err
		}
		b.sweep()
		b.opened = true
	}
	release, err := lockFile(ctx, b.path(lockSuffix), ledgerPoll)
	if err != nil {
		return err
	}
	defer release()
	l, err := b.load()
	if err != nil {
		return err
	}
	b.last, b.state = nil, nil
	if err := change(l); err != nil {
		return err
	}
	return b.save(l)
}

func (b *fileBox) load() (*ledger, error) {
	fresh := &ledger{Format: recordFormat, Host: hostName(), Boot: bootID()}
	data, err := os.ReadFile(b.path(documentSuffix))
	if errors.Is(err, fs.ErrNotExist) {
		return fresh, nil
	}
	if err != nil {
		return nil, err
	}
	if b.state != nil && bytes.Equal(data, b.last) {
		return b.state, nil
	}
	var l ledger
	if err := json.Unmarshal(data, &l); err != nil {
		return nil, fmt.Errorf("%s, which counts what this run has spent, can't be read (delete it when no apply is running): "+
			"%w", b.path(documentSuffix), err)
	}
	if l.Format > recordFormat {
		return nil, fmt.Errorf("%s: %w", b.path(documentSuffix), errNewerFormat)
	}
	if l.Host != fresh.Host || l.Boot != fresh.Boot {
		return fresh, nil // the same numbers on another machine, or before a restart: another command
	}
	return &l, nil
}

func (b *fileBox) save(l *ledger) error {
	data, err := b.encoder.encode(l)
	if err != nil {
		return err
	}
	temporary := b.path(".tmp") // one name will do: the lock is held
	if err := os.WriteFile(temporary, data, fileMode); err != nil {
		return err
	}
	if err := os.Rename(temporary, b.path(documentSuffix)); err != nil {
		return err
	}
	b.last, b.state = data, l
	return nil
}
