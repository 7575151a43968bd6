// Package artifactdir keeps artifacts in a directory, as files of their names:
// what MLflow has written there is read, and MLflow reads what is written here.
//
// Nothing outside of the directory can be reached, by symbolic links either. A
// file is there when all of it is, under no other name before. Directories that
// have no file in them are not there: they go with their last file, as in S3.
//
//nolint:wrapcheck // errors of the system say enough by themselves, and gocloud.dev wraps them with the key
package artifactdir

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
	"syscall"

	"gocloud.dev/blob"
	"gocloud.dev/blob/driver"
	"gocloud.dev/gcerrors"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// reserved is how the names of files begin that are not there in full yet. They
// are MLflow's, so that neither shows what the other one is writing. Source:
// MLflow 3.17, store/artifact/local_artifact_repo.py.
const reserved = ".artifact.uploading."

const (
	filePermissions = 0o666 // less the umask
	dirPermissions  = 0o777
)

// Open opens a directory, which may be absent: there is nothing in it then, and
// it is made when something is stored.
func Open(dir string) *blob.Bucket { return blob.NewBucket(&bucket{dir: dir}) }

var _ driver.Bucket = (*bucket)(nil)

type bucket struct{ dir string }

// root opens the directory anew for each operation, so that it may be replaced
// while a server runs.
func (b *bucket) root() (*os.Root, error) { return os.OpenRoot(b.dir) }

// check refuses keys that are no paths below the directory.
func check(key string) error {
	if !fs.ValidPath(key) || key == "." {
		return &fs.PathError{Op: "open", Path: key, Err: syscall.EINVAL}
	}
	return nil
}

// IsThisMachine tells whether the host of a file URI is the machine that the
// process runs on.
func IsThisMachine(host string) bool {
	switch strings.ToLower(host) {
	case "", ".", "localhost", "127.0.0.1":
		return true
	}
	return false
}

func isReserved(key string) bool { return strings.HasPrefix(path.Base(key), reserved) }

// within makes an error that clients may see of one that says that a link leads
// out of the directory. All others about paths are the system's.
func within(err error) error {
	_, onPath := errors.AsType[*fs.PathError](err)
	_, onLink := errors.AsType[*os.LinkError](err)
	if _, ofSystem := errors.AsType[syscall.Errno](err); !onPath && !onLink || ofSystem {
		return err
	}
	return &mlflow.Error{
		Code: mlflow.CodeInvalidParameterValue, Message: "Invalid path: resolved path is outside the artifact directory", Err: err,
	}
}

// ErrorCode tells what kind of error one is.
func (*bucket) ErrorCode(err error) gcerrors.ErrorCode {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return gcerrors.NotFound
	case errors.Is(err, errUnsupported):
		return gcerrors.Unimplemented
	case errors.Is(err, syscall.ELOOP):
		return gcerrors.InvalidArgument
	}
	return gcerrors.Unknown
}

// stat returns what there is to know about a file. Only regular files are
// artifacts: to open any other may take forever.
func stat(root *os.Root, key string) (fs.FileInfo, error) {
	if err := check(key); err != nil {
		return nil, err
	}
	info, err := root.Stat(key)
	if err != nil {
		return nil, within(err)
	}
	if !info.Mode().IsRegular() || isReserved(key) {
		return nil, fs.ErrNotExist
	}
	return info, nil
}

// Attributes returns the size and the time of a file.
func (b *bucket) Attributes(_ context.Context, key string) (*driver.Attributes, error) {
	root, err := b.root()
	if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }() // it was only read from
	info, err := stat(root, key)
	if err != nil {
		return nil, err
	}
	return &driver.Attributes{ModTime: info.ModTime(), Size: info.Size()}, nil
}

// Delete removes a file, and the directories above it that have nothing left in
// them.
func (b *bucket) Delete(_ context.Context, key string, _ *driver.DeleteOptions) error {
	root, err := b.root()
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }() // it is of no more use
	if err = check(key); err != nil {
		return err
	}
	if isReserved(key) {
		return fs.ErrNotExist
	}
	if err = root.Remove(key); err != nil {
		return within(err)
	}
	prune(root, path.Dir(key))
	return nil
}

// prune removes a directory and those above it as long as they are empty.
func prune(root *os.Root, dir string) {
	for ; dir != "."; dir = path.Dir(dir) {
		// It would remove a file as well, which cannot be in the place of a
		// directory that was here a moment ago unless that has gone already.
		if info, err := root.Lstat(dir); err != nil || !info.IsDir() || root.Remove(dir) != nil {
			return
		}
	}
}

var errUnsupported = errors.New("artifacts in a directory have no such thing")

// Copy is of no use here.
func (*bucket) Copy(context.Context, string, string, *driver.CopyOptions) error {
	return errUnsupported
}

// SignedURL is of no use here.
func (*bucket) SignedURL(context.Context, string, *driver.SignedURLOptions) (string, error) {
	return "", errUnsupported
}

// As finds nothing: there is nothing behind the bucket.
func (*bucket) As(any) bool { return false }

// ErrorAs finds nothing but what [errors.As] does.
func (*bucket) ErrorAs(error, any) bool { return false }

// Close has nothing to close.
func (*bucket) Close() error { return nil }

func reservedName(key string) error {
	return &mlflow.Error{
		Code: mlflow.CodeInvalidParameterValue,
		Message: fmt.Sprintf("Invalid artifact file name: '%s'. Artifact names starting with '%s' are reserved.",
			path.Base(key), reserved),
	}
}
