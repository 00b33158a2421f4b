package purchase

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"
)

const (
	dirMode  fs.FileMode = 0o700
	fileMode fs.FileMode = 0o600

	documentSuffix = ".json"
	lockSuffix     = ".lock"

	// keyPoll and ledgerPoll are how often a lock that another process holds is tried: a key may be held for minutes, a ledger for a moment. The
	// systems offer no wait that a context could end.
	keyPoll    = 50 * time.Millisecond
	ledgerPoll = 2 * time.Millisecond
)

// dirStore keeps the journal in a directory: records/ with one file a document, locks/ with one empty file a lock. A lock file is never deleted:
// whoever waits for it would then hold another file's lock than whoever comes later.
type dirStore struct {
	root   string
	opened sync.Mutex
	ready  bool
}

var _ store = (*dirStore)(nil)

// defaultJournalDir is "autx" in the directory where the CLI keeps its own data.
func defaultJournalDir() string {
	if dir := os.Getenv("TF_DATA_DIR"); dir != "" {
		return filepath.Join(dir, "autx")
	}
	return filepath.Join(".terraform", "autx")
}

func (s *dirStore) where(name string) string {
	return filepath.Join(s.root, "records", name+documentSuffix)
}

func (s *dirStore) lockFile(name string) string {
	return filepath.Join(s.root, "locks", name+lockSuffix)
}

func (s *dirStore) open(context.Context) error {
	s.opened.Lock()
	defer s.opened.Unlock()
	if s.ready {
		return nil
	}
	for _, dir := range []string{s.root, filepath.Join(s.root, "records"), filepath.Join(s.root, "locks")} {
		if err := makeDir(dir); err != nil {
			return err
		}
	}
	s.ready = true
	return nil
}

func (s *dirStore) read(_ context.Context, name string) ([]byte, error) {
	data, err := os.ReadFile(s.where(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errAbsent
	}
	return data, err
}

func (s *dirStore) create(_ context.Context, name string, data []byte) error {
	return writeFile(s.where(name), data, func(temporary, final string) error {
		// A link is the one way to give a complete file a name that must be free. File systems without links leave the check to the lock.
		err := os.Link(temporary, final)
		switch {
		case err == nil:
			return os.Remove(temporary)
		case errors.Is(err, fs.ErrExist):
			return errExists
		}
		if _, err := os.Lstat(final); err == nil {
			return errExists
		}
		return os.Rename(temporary, final)
	})
}

func (s *dirStore) replace(_ context.Context, name string, data []byte) error {
	return writeFile(s.where(name), data, os.Rename)
}

func (s *dirStore) remove(_ context.Context, name string) error {
	err := os.Remove(s.where(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return syncDir(filepath.Dir(s.where(name)))
}

func (s *dirStore) list(_ context.Context, prefix string) ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(s.root, "records"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var names []string
	for _, entry := range entries {
		if name, ok := strings.CutSuffix(entry.Name(), documentSuffix); ok && strings.HasPrefix(name, prefix) {
			names = append(names, name)
		}
	}
	return names, nil
}

func (s *dirStore) lock(ctx context.Context, name string) (func(), error) {
	return lockFile(ctx, s.lockFile(name), keyPoll)
}

func (s *dirStore) tryLock(name string) (func(), bool, error) {
	l := newFileLock(s.lockFile(name))
	locked, err := l.TryLock()
	if err != nil || !locked {
		return nil, false, err
	}
	return unlocker(l), true, nil
}

// lockFile takes the system's lock on a file, which ends with the process at the latest. Each call opens the file anew, so that two goroutines of one
// process exclude each other as two processes do.
func lockFile(ctx context.Context, path string, poll time.Duration) (func(), error) {
	l := newFileLock(path)
	if _, err := l.TryLockContext(ctx, poll); err != nil {
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	return unlocker(l), nil
}

func newFileLock(path string) *flock.Flock {
	return flock.New(path, flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(fileMode))
}

func unlocker(l *flock.Flock) func() {
	return func() { _ = l.Unlock() } // closing the file in any case ends the lock, and nobody could do more
}

// writeFile writes a file that is complete and durable, or not there: a temporary file beside it is synced, named by publish, and the directory
// synced. (renameio leaves out the directory, and Windows.)
func writeFile(path string, data []byte, publish func(temporary, final string) error) error {
	temporary, err := os.CreateTemp(filepath.Dir(path), ".tmp-*")
	if err != nil {
		return err
	}
	_, err = temporary.Write(data)
	if err == nil {
		err = temporary.Sync()
	}
	if closeErr := temporary.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = publish(temporary.Name(), path)
	}
	if err != nil {
		return errors.Join(err, removeQuietly(temporary.Name()))
	}
	return syncDir(filepath.Dir(path))
}

func removeQuietly(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// makeDir creates a directory and makes its name durable, as a crash right after a purchase must not lose the directory of its record.
func makeDir(dir string) error {
	if info, err := os.Stat(dir); err == nil && info.IsDir() {
		return nil
	}
	if err := os.MkdirAll(dir, dirMode); err != nil {
		return err
	}
	return syncDir(filepath.Dir(dir))
}

func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil // directories can't be opened for that there; NTFS journals the names itself
	}
	d, err := os.Open(dir) //nolint:gosec // a directory of the journal, wherever the user wants it
	if err != nil {
		return err
	}
	err = d.Sync()
	if closeErr := d.Close(); err == nil {
		err = closeErr
	}
	return err
}
