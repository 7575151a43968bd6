//nolint:wrapcheck // errors of packages that say enough by themselves become the one line that is printed
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"gocloud.dev/blob"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
)

// artifactRemover removes the artifacts of runs.
type artifactRemover struct {
	buckets     bucketOpener
	destination string // of served artifacts; "": not known
	log         *slog.Logger
	left        int64 // runs whose artifacts stay
	// workspace has a directory of its own in the destination, to which all paths
	// lead; "": they lead to the root.
	workspace string
}

// in returns a remover of the artifacts of a workspace.
func (r *artifactRemover) in(w chosenWorkspace) *artifactRemover {
	of := *r
	if w.listed && w.name != dynamodbstore.DefaultWorkspace {
		of.workspace = w.name
	}
	return &of
}

// remove removes all that is stored under the URI of a run's artifacts. What it
// has no access to stays: MLflow goes on too.
func (r *artifactRemover) remove(ctx context.Context, uri string) error {
	if path, ok := servedPath(uri); ok {
		if r.destination == "" {
			r.left++
			return nil
		}
		var err error
		if uri, err = r.served(path); err != nil {
			return err
		}
	}
	dir, ok, err := directoryOf(uri)
	switch scheme, _, _ := strings.Cut(uri, ":"); {
	case err != nil:
		return err
	case ok:
		return removeDir(dir)
	case scheme == "s3":
		return r.removeObjects(ctx, uri)
	default:
		r.left++
		r.log.LogAttrs(ctx, slog.LevelWarn, "artifacts stay, as their scheme is not known", slog.String("scheme", scheme))
		return nil
	}
}

// servedPath returns the path of artifacts that a server serves, below its
// destination; ok is false for other URIs.
func servedPath(uri string) (path string, ok bool) {
	if _, path, ok = strings.Cut(uri, "/api/2.0/mlflow-artifacts/artifacts/"); ok {
		return path, strings.HasPrefix(uri, "http")
	}
	path, ok = strings.CutPrefix(uri, "mlflow-artifacts:")
	if host, remote := strings.CutPrefix(path, "//"); remote {
		_, path, _ = strings.Cut(host, "/")
	}
	return strings.Trim(path, "/"), ok
}

// served returns where the artifacts of a path are.
func (r *artifactRemover) served(path string) (string, error) {
	if !filepath.IsLocal(filepath.FromSlash(path)) {
		return "", fmt.Errorf("%q is no path of artifacts", path)
	}
	if own := "workspaces/" + r.workspace; r.workspace != "" && path != own && !strings.HasPrefix(path, own+"/") {
		path = own + "/" + path
	}
	dir, ok, err := directoryOf(r.destination)
	if err != nil || !ok {
		return strings.TrimSuffix(r.destination, "/") + "/" + path, err
	}
	return filepath.Join(dir, filepath.FromSlash(path)), nil
}

// removeDir removes a directory, and the one above, which is the run's, if
// nothing is left in it.
func removeDir(dir string) error {
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	_ = os.Remove(filepath.Dir(dir)) // it may hold other things
	return nil
}

// removeObjects removes all objects below s3://<bucket>/<prefix>/.
func (r *artifactRemover) removeObjects(ctx context.Context, uri string) (err error) {
	bucket, err := r.buckets.open(ctx, uri)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, bucket.Close()) }()
	objects := bucket.List(&blob.ListOptions{})
	for {
		o, err := objects.Next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("list artifacts: %w", err)
		}
		if err := bucket.Delete(ctx, o.Key); err != nil {
			return fmt.Errorf("remove artifact: %w", err)
		}
	}
}
