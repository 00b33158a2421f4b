package purchase

import (
	"encoding/json"
	"io/fs"
	"os"
	"slices"
	"strings"
)

// keepElsewhere is how many ledgers of other machines are kept. Whether their commands have ended can't be seen from here, and comparing their age
// with this machine's clock would prove nothing, so the ones that were written last are kept: a command writes its ledger with each purchase, and
// this many more would have to begin on other machines, with one shared journal, before one that is under way could be lost. Build machines that
// keep the journal and have another name in each run would otherwise leave a file for each run for ever.
const keepElsewhere = 32

// sweep deletes the ledgers of commands that have ended on this machine, and the oldest of other machines. It is a courtesy, so it reports nothing.
func (b *fileBox) sweep() {
	entries, err := os.ReadDir(b.dir)
	if err != nil {
		return
	}
	var elsewhere []fs.FileInfo
	for _, found := range entries {
		name, ok := strings.CutSuffix(found.Name(), documentSuffix)
		if !ok || processID(name) == b.name {
			continue
		}
		old := &fileBox{dir: b.dir, name: processID(name)}
		l, readable := old.peek()
		info, err := found.Info()
		switch {
		case readable && l.Host != hostName() && err == nil:
			elsewhere = append(elsewhere, info)
		case readable && l.Host != hostName(), old.name.alive():
		default:
			old.removeIf(func(l *ledger) bool { return !l.inUse() })
		}
	}
	slices.SortFunc(elsewhere, func(x, y fs.FileInfo) int { return y.ModTime().Compare(x.ModTime()) })
	for _, info := range elsewhere[min(keepElsewhere, len(elsewhere)):] {
		old := &fileBox{dir: b.dir, name: processID(strings.TrimSuffix(info.Name(), documentSuffix))}
		old.removeIf(func(l *ledger) bool { return l.Host != hostName() })
	}
}

// peek reads the ledger without its lock; false where it can't be read.
func (b *fileBox) peek() (*ledger, bool) {
	data, err := os.ReadFile(b.path(documentSuffix))
	var l ledger
	if err != nil || json.Unmarshal(data, &l) != nil {
		return &ledger{}, false
	}
	return &l, true
}

// inUse tells whether a process of the command still runs on this machine, such as a provider that outlived its CLI and still finishes a purchase.
func (l *ledger) inUse() bool {
	return slices.ContainsFunc(l.Entries, func(e *entry) bool { return e.Process.alive() })
}

// removeIf deletes the ledger and its lock, unless somebody holds the lock or the ledger does not fit. One that can't be read fits as an empty one
// does.
func (b *fileBox) removeIf(fits func(*ledger) bool) {
	l := newFileLock(b.path(lockSuffix))
	if locked, err := l.TryLock(); err != nil || !locked {
		return
	}
	release := unlocker(l)
	defer release()
	if old, _ := b.peek(); !fits(old) {
		return
	}
	for _, suffix := range []string{documentSuffix, lockSuffix, ".tmp"} {
		if removeQuietly(b.path(suffix)) != nil {
			return
		}
	}
}
