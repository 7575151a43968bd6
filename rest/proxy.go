package rest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"syscall"

	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pyrepr"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/rest/internal/wire"
)

const proxyPath = "/2.0/mlflow-artifacts/artifacts"

func (x artifactEndpoints) addProxyRoutes(h *handler) {
	h.add("2.0", http.MethodGet, "/mlflow-artifacts/artifacts", x.listProxied(h))
	x.addMultipartRoutes(h)
	for _, api := range []string{"/api", "/ajax-api"} {
		prefixes := []string{x.staticPrefix + api + proxyPath + "/"}
		if x.staticPrefix != "" { // MLflow serves these without it as well
			prefixes = append(prefixes, api+proxyPath+"/")
		}
		for _, prefix := range prefixes {
			h.addDeep(http.MethodGet, prefix, x.downloaded(x.download))
			h.addDeep(http.MethodPut, prefix, x.uploaded(x.upload))
			h.addDeep(http.MethodDelete, prefix, x.deleteProxied)
		}
	}
}

func (x artifactEndpoints) listProxied(h *handler) http.HandlerFunc {
	type request struct{ path string }
	declared := wire.Declare(func(q *request) []wire.Field { return []wire.Field{wire.Text("path", &q.path)} })
	list := query(h, declared, func(ctx context.Context, b []byte, q *request) ([]byte, error) {
		dir, err := cleanPath(q.path)
		if err != nil {
			return nil, err
		}
		if dir, err = x.inScope(ctx, dir); err != nil {
			return nil, err
		}
		entries, err := listDir(ctx, x.destination, blobKey(dir))
		if err != nil {
			return nil, err
		}
		entries = x.withoutWorkspaces(dir, entries)
		return wire.CloseObject(appendEntries(append(b, '{'), entries), 0), nil
	})
	return func(w http.ResponseWriter, r *http.Request) {
		if x.destination == nil {
			x.writeDisabled(w, r)
			return
		}
		list(w, r)
	}
}

// writeDisabled answers for the endpoints of Flask when artifacts are not
// served.
func (x artifactEndpoints) writeDisabled(w http.ResponseWriter, r *http.Request) {
	writeText(w, http.StatusServiceUnavailable, "text/html; charset=utf-8", "Endpoint: "+x.find(r.URL.Path).pattern+
		" disabled due to the mlflow server running with `--no-serve-artifacts`. To enable artifacts server "+
		"functionality, run `mlflow server` with `--serve-artifacts`")
}

// writeDetail answers as FastAPI does, which MLflow has for two endpoints.
func writeDetail(w http.ResponseWriter, code int, text string) {
	writeJSON(w, code, append(pyrepr.AppendJSON([]byte(`{"detail":`), text), '}'))
}

// proxiedKey returns the path of the artifact that a request is about, or
// answers the request.
func (x artifactEndpoints) proxiedKey(w http.ResponseWriter, r *http.Request) (string, bool) {
	if x.destination == nil {
		writeDetail(w, http.StatusServiceUnavailable,
			"Artifact serving is disabled. Run `mlflow server` with `--serve-artifacts` to enable.")
		return "", false
	}
	name, err := cleanPath(x.tail(r.URL.Path))
	if err == nil {
		name, err = x.inScope(r.Context(), name)
	}
	if err != nil {
		x.writeError(w, r, err)
		return "", false
	}
	return name, true
}

func (x artifactEndpoints) download(w http.ResponseWriter, r *http.Request) {
	name, ok := x.proxiedKey(w, r)
	if !ok {
		return
	}
	switch err := x.send(w, r, x.destination, blobKey(name)); {
	case errors.Is(err, errIsDirectory):
		writeDetail(w, http.StatusBadRequest, directoryText(name))
	case err != nil:
		x.writeError(w, r, err)
	}
}

func isDir(ctx context.Context, bucket *blob.Bucket, key string) bool {
	prefix := ""
	if key != "" {
		prefix = key + "/"
	}
	objects, _, err := bucket.ListPage(ctx, blob.FirstPageToken, 1, &blob.ListOptions{Prefix: prefix})
	return err == nil && len(objects) > 0
}

// upload stores the body as an artifact. Nothing of it is visible before all of
// it has arrived.
func (x artifactEndpoints) upload(w http.ResponseWriter, r *http.Request) {
	name, ok := x.proxiedKey(w, r)
	if !ok {
		return
	}
	if name == "" || strings.HasSuffix(name, "/") {
		writeDetail(w, http.StatusBadRequest, "Artifact path must include a filename (cannot end with '/').")
		return
	}
	patiently(r)
	if err := store(r.Context(), x.destination, name, r.Body); err != nil {
		x.writeError(w, r, err)
		return
	}
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(http.StatusOK)
}

// store keeps a file in a bucket under a path. One whose last part is a dot names
// a directory, in whose place no file must come.
func store(ctx context.Context, bucket *blob.Bucket, name string, body io.Reader) error {
	key := blobKey(name)
	if path.Base(name) == "." {
		return noArtifactAt(cmp.Or(key, "."))
	}
	ctx, abort := context.WithCancel(ctx)
	defer abort()
	out, err := bucket.NewWriter(ctx, key, &blob.WriterOptions{ContentType: contentType(key)})
	if err != nil {
		return storeError(key, err)
	}
	if _, err = io.Copy(out, body); err != nil {
		abort() // or else Close would keep what there is
		return storeError(key, errors.Join(err, out.Close()))
	}
	return storeError(key, out.Close())
}

func storeError(key string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errSlowBody):
		return errSlowBody
	case errors.Is(err, io.ErrUnexpectedEOF):
		return invalid("The artifact was not sent in full.")
	case unnameable(err), errors.Is(err, fs.ErrExist):
		return noArtifactAt(key)
	}
	return fmt.Errorf("store artifact: %w", err)
}

func noArtifactAt(key string) error { return invalid("No artifact can have the path '" + key + "'.") }

// unnameable tells whether storage cannot have an artifact of such a name.
func unnameable(err error) bool {
	return errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.EISDIR) || errors.Is(err, syscall.ENAMETOOLONG) ||
		errors.Is(err, syscall.EINVAL) || gcerrors.Code(err) == gcerrors.InvalidArgument
}

// deleteProxied deletes an artifact or all that is in a directory.
func (x artifactEndpoints) deleteProxied(w http.ResponseWriter, r *http.Request) {
	if x.destination == nil {
		x.writeDisabled(w, r)
		return
	}
	name, ok := x.proxiedKey(w, r)
	if !ok {
		return
	}
	key := blobKey(name)
	if key == "" || x.workspaces != nil && strings.EqualFold(key, path.Join(workspacesDir, workspaceOf(r.Context()))) { // everything
		x.writeError(w, r, invalid("Invalid path"))
		return
	}
	if err := deleteAll(r.Context(), x.destination, key); err != nil {
		x.writeError(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, []byte("{}"))
}

func deleteAll(ctx context.Context, bucket *blob.Bucket, key string) error {
	err := bucket.Delete(ctx, key)
	if unnameable(err) {
		return nil
	}
	// A directory may hold nothing but directories, which are no artifacts.
	isAbsent := gcerrors.Code(err) == gcerrors.NotFound || errors.Is(err, syscall.ENOTEMPTY)
	if err != nil && !isAbsent && !isDir(ctx, bucket, key) {
		return fmt.Errorf("delete artifact: %w", err)
	}
	var keys []string
	for it := bucket.List(&blob.ListOptions{Prefix: key + "/"}); ; {
		o, err := it.Next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("list artifacts: %w", err)
		}
		keys = append(keys, o.Key)
	}
	for _, k := range keys {
		if err := bucket.Delete(ctx, k); err != nil && gcerrors.Code(err) != gcerrors.NotFound {
			return fmt.Errorf("delete artifact: %w", err)
		}
	}
	return nil
}
