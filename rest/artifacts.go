//nolint:wrapcheck // errors of the Store and of buckets go to writeError, which tells them apart
package rest

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"path"
	"slices"
	"strconv"

	"gocloud.dev/blob"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/rest/internal/wire"
)

// artifactEndpoints are the endpoints through which artifacts pass, or URLs of them.
type artifactEndpoints struct {
	store stores
	failures
	*config
	*router
}

func (x artifactEndpoints) addTo(h *handler) {
	h.add("2.0", http.MethodGet, "/mlflow/artifacts/list", query(h, declareListArtifacts(), x.listArtifacts))
	h.addPath(http.MethodGet, "/get-artifact", x.downloaded(x.getArtifact))
	upload := x.uploaded(h.withBody(readUploaded, x.uploadArtifact))
	h.addPath(http.MethodPost, "/ajax-api/2.0/mlflow/upload-artifact", upload)
	x.addPresignedRoutes(h)
	x.addProxyRoutes(h)
}

type listArtifactsRequest struct {
	run  runRequest
	path string
}

func declareListArtifacts() *wire.Request[listArtifactsRequest] {
	return wire.Declare(func(q *listArtifactsRequest) []wire.Field {
		return []wire.Field{
			wire.Text("run_id", &q.run.id).IsText().Required(),
			wire.Text("run_uuid", &q.run.legacyID),
			wire.Text("path", &q.path).IsText(),
			wire.Text("page_token", new(string)).IsText(), // there is one page
		}
	})
}

// entry is a file or directory in a listing.
type entry struct {
	path string
	dir  bool
	size int64
}

func (x artifactEndpoints) listArtifacts(ctx context.Context, b []byte, q *listArtifactsRequest) ([]byte, error) {
	uri, entries, err := x.artifactsOf(ctx, q.run.run(), q.path)
	if err != nil {
		return nil, err
	}
	b = wire.AppendStringField(append(b, '{'), 1, "root_uri", uri)
	return wire.CloseObject(appendEntries(b, entries), 0), nil
}

// artifactsOf lists a directory of a run's artifacts, and returns where they lie.
func (x artifactEndpoints) artifactsOf(ctx context.Context, runID, dir string) (uri string, entries []entry, err error) {
	if dir, err = cleanPath(dir); err != nil {
		return "", nil, err
	}
	run, err := x.store.of(ctx).GetRun(ctx, runID)
	if err != nil {
		return "", nil, err
	}
	root, err := x.openRoot(ctx, run.Info.ArtifactURI)
	if err != nil {
		return "", nil, err
	}
	entries, err = root.list(ctx, dir)
	for i := range entries {
		entries[i].path = path.Join(dir, entries[i].path)
	}
	return run.Info.ArtifactURI, entries, errors.Join(err, root.close())
}

// artifactRoot is where the artifacts of one run lie.
type artifactRoot struct {
	bucket *blob.Bucket // nil: there is no such directory
	prefix string
	owned  bool // the bucket was opened for this request
}

func (x artifactEndpoints) openRoot(ctx context.Context, uri string) (artifactRoot, error) {
	return x.openRootTo(ctx, uri, false)
}

// openRootTo opens a root, and makes one that is to be written to if it is not
// there.
func (x artifactEndpoints) openRootTo(ctx context.Context, uri string, create bool) (artifactRoot, error) {
	if prefix, ok := proxiedRoot(uri); ok {
		if x.destination == nil {
			return artifactRoot{}, invalid("The server does not serve the artifacts of '" + uri + "'.")
		}
		prefix, err := x.inScope(ctx, prefix)
		return artifactRoot{bucket: x.destination, prefix: prefix}, err
	}
	if x.buckets == nil {
		return artifactRoot{}, invalid("The server has no access to the artifacts of '" + uri + "'.")
	}
	bucket, err := x.buckets(ctx, uri, create)
	return artifactRoot{bucket: bucket, owned: bucket != nil}, err
}

func (a artifactRoot) close() error {
	if !a.owned {
		return nil
	}
	return a.bucket.Close()
}

func (a artifactRoot) list(ctx context.Context, dir string) ([]entry, error) {
	if a.bucket == nil {
		return nil, nil
	}
	return listDir(ctx, a.bucket, blobKey(a.prefix, dir))
}

// listDir lists a directory; one that does not exist has nothing in it.
func listDir(ctx context.Context, bucket *blob.Bucket, dir string) ([]entry, error) {
	opts := &blob.ListOptions{Delimiter: "/"}
	if dir != "" {
		opts.Prefix = dir + "/"
	}
	var entries []entry
	for it := bucket.List(opts); ; {
		o, err := it.Next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if name := path.Base(o.Key); o.Key != opts.Prefix { // some tools keep an object for the directory
			entries = append(entries, entry{path: name, dir: o.IsDir, size: o.Size})
		}
	}
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(a.path, b.path) })
	return entries, nil
}

func appendEntries(b []byte, entries []entry) []byte {
	return wire.AppendList(b, 1, "files", entries, appendEntry)
}

func appendEntry(b []byte, e entry, depth int) []byte {
	b = wire.AppendStringField(append(b, '{'), depth+1, "path", e.path)
	b = strconv.AppendBool(wire.AppendKey(b, depth+1, "is_dir"), e.dir)
	if !e.dir && e.size != 0 {
		b = wire.AppendIntField(b, depth+1, "file_size", e.size)
	}
	return wire.CloseObject(b, depth)
}

// getArtifact sends an artifact of a run to the browser.
func (x artifactEndpoints) getArtifact(w http.ResponseWriter, r *http.Request) {
	params := wire.ParseQuery(r.URL.RawQuery)
	name, ok := x.artifactPath(w, r, params)
	if !ok {
		return
	}
	runID := ""
	for _, p := range params {
		if (p.Key == "run_id" || p.Key == "run_uuid") && runID == "" {
			runID = p.Value
		}
	}
	if runID == "" {
		runID = "None" // as MLflow calls it
	}
	run, err := x.store.of(r.Context()).GetRun(r.Context(), runID)
	if err != nil {
		x.writeError(w, r, err)
		return
	}
	x.sendFrom(w, r, run.Info.ArtifactURI, name)
}

// artifactPath returns the path that a browser asks for, or answers the request.
func (x artifactEndpoints) artifactPath(w http.ResponseWriter, r *http.Request, params []wire.Pair) (string, bool) {
	i := slices.IndexFunc(params, func(p wire.Pair) bool { return p.Key == "path" })
	if i < 0 {
		writePage(w, http.StatusBadRequest, "The browser (or proxy) sent a request that this server could not understand.")
		return "", false
	}
	name, err := cleanPath(params[i].Value)
	if err != nil {
		x.writeError(w, r, err)
	}
	return name, err == nil
}

// sendFrom sends an artifact below a URI.
func (x artifactEndpoints) sendFrom(w http.ResponseWriter, r *http.Request, uri, name string) {
	root, err := x.openRoot(r.Context(), uri)
	if err != nil {
		x.writeError(w, r, err)
		return
	}
	defer func() { _ = root.close() }() // it was only read from
	key := blobKey(root.prefix, name)
	if root.bucket == nil {
		x.writeError(w, r, noSuchArtifact(key))
		return
	}
	switch err := x.send(w, r, root.bucket, key); {
	case errors.Is(err, errIsDirectory):
		x.writeError(w, r, invalid(directoryText(key)))
	case err != nil:
		x.writeError(w, r, err)
	}
}
