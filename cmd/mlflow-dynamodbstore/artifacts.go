//nolint:wrapcheck // errors of packages that say enough by themselves become the one line that is printed
package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	"gocloud.dev/blob"
	"gocloud.dev/blob/s3blob"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/artifactdir"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/rest"
)

// bucketOpener opens artifact storage by URI. Nothing is opened, and no AWS
// configuration read, before it is asked for.
type bucketOpener struct {
	s3 *s3Clients
}

func newBucketOpener(env func(string) (string, bool)) bucketOpener {
	return bucketOpener{s3: &s3Clients{env: env}}
}

// open opens the storage of existing artifacts. A directory that does not exist
// is no bucket and no error.
func (o bucketOpener) open(ctx context.Context, uri string) (*blob.Bucket, error) {
	return o.openURI(ctx, uri, false)
}

// destination opens the storage for served artifacts; a directory is made if
// it is absent.
func (o bucketOpener) destination(ctx context.Context, uri string) (*blob.Bucket, error) {
	return o.openURI(ctx, uri, true)
}

func (o bucketOpener) openURI(ctx context.Context, uri string, create bool) (*blob.Bucket, error) {
	dir, ok, err := directoryOf(uri)
	switch scheme, _, _ := strings.Cut(uri, ":"); {
	case err != nil:
		return nil, err
	case ok:
		return openDir(dir, create)
	case scheme == "s3":
		return o.openS3(ctx, uri)
	default:
		return nil, locationError{fmt.Errorf("artifacts cannot be stored with the scheme %q: use a directory or s3://", scheme)}
	}
}

// locationError is an error of a location, which no repetition mends.
type locationError struct{ error }

// openForClient is openURI for a location that comes from a client: one that
// nothing here can open is the client's error.
func (o bucketOpener) openForClient(ctx context.Context, uri string, create bool) (*blob.Bucket, error) {
	bucket, err := o.openURI(ctx, uri, create)
	return bucket, forClient(err)
}

// directForClient is direct for a location that comes from a client.
func (o bucketOpener) directForClient(ctx context.Context, uri string) (rest.Direct, error) {
	direct, err := o.direct(ctx, uri)
	return direct, forClient(err)
}

func forClient(err error) error {
	if bad, ok := errors.AsType[locationError](err); ok {
		return &dynamodbstore.Error{
			Code: dynamodbstore.CodeInvalidParameterValue, Message: "The server cannot reach these artifacts: " + bad.Error() + ".",
		}
	}
	return err
}

// directoryOf returns the directory that a path or a file URI of this machine
// names; ok is false for other URIs.
func directoryOf(uri string) (dir string, ok bool, err error) {
	scheme, rest, isURI := strings.Cut(uri, ":")
	if !isURI {
		return uri, true, nil
	}
	if scheme != "file" {
		return "", false, nil
	}
	if hostAndPath, hasHost := strings.CutPrefix(rest, "//"); hasHost {
		host, path, _ := strings.Cut(hostAndPath, "/")
		if !artifactdir.IsThisMachine(host) {
			return "", false, locationError{fmt.Errorf("%q is of another machine", uri)}
		}
		if rest = "/" + path; host == "." {
			rest = "." + rest
		}
	}
	if dir, err = url.PathUnescape(rest); err != nil {
		return "", false, locationError{fmt.Errorf("file URI: %w", err)}
	}
	return dir, true, nil
}

func openDir(dir string, create bool) (*blob.Bucket, error) {
	if dir == "" {
		return nil, locationError{errors.New("the directory has no name")}
	}
	if create {
		if err := os.MkdirAll(dir, 0o777); err != nil { //nolint:gosec // less the umask, as MLflow makes it
			return nil, err
		}
	}
	switch info, err := os.Stat(dir); {
	case errors.Is(err, os.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	case !info.IsDir():
		return nil, locationError{fmt.Errorf("%s is not a directory", dir)}
	}
	return artifactdir.Open(dir), nil
}

// openS3 opens s3://<bucket>/<prefix>.
func (o bucketOpener) openS3(ctx context.Context, uri string) (*blob.Bucket, error) {
	name, prefix, err := s3Location(uri)
	if err != nil {
		return nil, err
	}
	client, err := o.s3.get(ctx)
	if err != nil {
		return nil, err
	}
	bucket, err := s3blob.OpenBucket(ctx, client, name, nil)
	if err != nil {
		return nil, err
	}
	if prefix != "" {
		bucket = blob.PrefixedBucket(bucket, prefix)
	}
	return bucket, nil
}
