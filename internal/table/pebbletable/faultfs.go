package pebbletable

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// faultFS makes the first call that cannot change the disk the last one that
// does: from then on changes are dropped and said to have been made, so that
// the disk stays as a crash at that call would leave it. Pebble, which panics
// on or waits for ever after many such failures, goes on to its end
// undisturbed, and its owner, who has to look at failure after each call,
// throws away what it said since. Reads are as they were.
type faultFS struct {
	vfs.FS
	err  atomic.Pointer[error]
	done chan struct{} // closed when a call has failed

	mu  sync.Mutex
	log *faultFile // created last
}

var _ vfs.FS = (*faultFS)(nil)

func newFaultFS(on vfs.FS) *faultFS { return &faultFS{FS: on, done: make(chan struct{})} }

// failure is the error of the call that failed, nil if none did.
func (f *faultFS) failure() error {
	if err := f.err.Load(); err != nil {
		return *err
	}
	return nil
}

// fail ends the changes. Only the first error counts.
func (f *faultFS) fail(err error) {
	if f.err.CompareAndSwap(nil, &err) {
		close(f.done)
	}
}

// change makes a change unless one failed before. It returns no error: who
// asked goes on as if it was made.
func (f *faultFS) change(do func() error) {
	if f.failure() != nil {
		return
	}
	if err := do(); err != nil {
		f.fail(err)
	}
}

// file makes a change that returns a file.
func (f *faultFS) file(name string, do func() (vfs.File, error)) vfs.File {
	file := &faultFile{fs: f, name: name, File: nullFile{}}
	f.change(func() error {
		opened, err := do()
		if err == nil {
			file.File = opened
		}
		return err
	})
	if strings.HasSuffix(name, ".log") && f.failure() == nil {
		f.mu.Lock()
		f.log = file
		f.mu.Unlock()
	}
	return file
}

// cutLog cuts the log to what was synced last, so that nothing is found in it
// later that was told to have failed.
func (f *faultFS) cutLog() error {
	f.mu.Lock()
	log := f.log
	f.mu.Unlock()
	if log == nil || log.written.Load() == log.synced.Load() {
		return nil
	}
	return truncate(f.FS, log.name, log.synced.Load())
}

// truncate shortens a file, in place where it is one of the system's.
func truncate(fsys vfs.FS, name string, size int64) error {
	if fsys == vfs.Default {
		if err := os.Truncate(name, size); err != nil {
			return fmt.Errorf("cut log: %w", err)
		}
		return nil
	}
	content, err := readFile(fsys, name)
	if err != nil || int64(len(content)) <= size {
		return err
	}
	file, err := fsys.Create(name, vfs.WriteCategoryUnspecified)
	if err != nil {
		return fmt.Errorf("cut log: %w", err)
	}
	_, err = file.Write(content[:size])
	return errors.Join(err, file.Sync(), file.Close())
}

// readFile reads a whole file.
func readFile(fsys vfs.FS, name string) ([]byte, error) {
	file, err := fsys.Open(name)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	content, err := io.ReadAll(file)
	if err = errors.Join(err, file.Close()); err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return content, nil
}

func (f *faultFS) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	return f.file(name, func() (vfs.File, error) { return f.FS.Create(name, c) }), nil
}

func (f *faultFS) OpenReadWrite(name string, c vfs.DiskWriteCategory, opts ...vfs.OpenOption) (vfs.File, error) {
	return f.file(name, func() (vfs.File, error) { return f.FS.OpenReadWrite(name, c, opts...) }), nil
}

func (f *faultFS) ReuseForWrite(from, to string, c vfs.DiskWriteCategory) (vfs.File, error) {
	return f.file(to, func() (vfs.File, error) { return f.FS.ReuseForWrite(from, to, c) }), nil
}

// OpenDir opens a directory, which is opened to be synced.
func (f *faultFS) OpenDir(name string) (vfs.File, error) {
	dir, err := f.FS.OpenDir(name)
	if err != nil {
		return nil, err //nolint:wrapcheck // it stands in for the other
	}
	return &faultFile{fs: f, name: name, File: dir}, nil
}

func (f *faultFS) Link(from, to string) error {
	f.change(func() error { return f.FS.Link(from, to) })
	return nil
}

func (f *faultFS) Rename(from, to string) error {
	f.change(func() error { return f.FS.Rename(from, to) })
	return nil
}

// Remove removes a file. That it is not there, or stays, harms nothing.
func (f *faultFS) Remove(name string) error {
	if f.failure() != nil {
		return nil //nolint:nilerr // see above
	}
	return f.FS.Remove(name) //nolint:wrapcheck // it stands in for the other
}

func (f *faultFS) RemoveAll(name string) error {
	if f.failure() != nil {
		return nil //nolint:nilerr // see above
	}
	return f.FS.RemoveAll(name) //nolint:wrapcheck // it stands in for the other
}

func (f *faultFS) MkdirAll(dir string, perm os.FileMode) error {
	f.change(func() error { return f.FS.MkdirAll(dir, perm) })
	return nil
}

func (f *faultFS) Unwrap() vfs.FS { return f.FS }

// faultFile is a file that is open for changes.
type faultFile struct {
	vfs.File
	fs              *faultFS
	name            string
	written, synced atomic.Int64 // bytes from the start
}

func (f *faultFile) Write(p []byte) (int, error) {
	f.fs.change(func() error {
		n, err := f.File.Write(p)
		f.written.Add(int64(n))
		return err //nolint:wrapcheck // fail wraps it
	})
	return len(p), nil
}

func (f *faultFile) WriteAt(p []byte, off int64) (int, error) {
	f.fs.change(func() error {
		_, err := f.File.WriteAt(p, off)
		return err //nolint:wrapcheck // fail wraps it
	})
	return len(p), nil
}

// sync makes a sync that covers all that was written before.
func (f *faultFile) sync(do func() error) {
	f.fs.change(func() error {
		written := f.written.Load()
		err := do()
		if err == nil {
			f.synced.Store(written)
		}
		return err
	})
}

func (f *faultFile) Sync() error {
	f.sync(f.File.Sync)
	return nil
}

func (f *faultFile) SyncData() error {
	f.sync(f.File.SyncData)
	return nil
}

func (f *faultFile) SyncTo(length int64) (full bool, err error) {
	f.fs.change(func() error {
		full, err = f.File.SyncTo(length)
		return err //nolint:wrapcheck // fail wraps it
	})
	return full, nil
}

// Close closes the file. A file system may say only then that it could not
// keep what was written.
func (f *faultFile) Close() error {
	if err := f.File.Close(); err != nil {
		f.fs.change(func() error { return err }) //nolint:wrapcheck // fail wraps it
	}
	return nil
}

// nullFile stands for a file that was not made.
type nullFile struct{ vfs.File }

func (nullFile) Close() error                           { return nil }
func (nullFile) Write(p []byte) (int, error)            { return len(p), nil }
func (nullFile) WriteAt(p []byte, _ int64) (int, error) { return len(p), nil }
func (nullFile) Preallocate(int64, int64) error         { return nil }
func (nullFile) Sync() error                            { return nil }
func (nullFile) SyncData() error                        { return nil }
func (nullFile) SyncTo(int64) (bool, error)             { return false, nil }
func (nullFile) Prefetch(int64, int64) error            { return nil }
func (nullFile) Read([]byte) (int, error)               { return 0, io.EOF }
func (nullFile) ReadAt([]byte, int64) (int, error)      { return 0, io.EOF }
func (nullFile) Stat() (vfs.FileInfo, error)            { return nullInfo{}, nil }
func (nullFile) Fd() uintptr                            { return vfs.InvalidFd }

type nullInfo struct{ vfs.FileInfo }

func (nullInfo) Size() int64       { return 0 }
func (nullInfo) Mode() fs.FileMode { return 0 }
func (nullInfo) IsDir() bool       { return false }
