package rest

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/rest/internal/wire"
)

// maxParts is the number of parts that S3 takes for an object.
const maxParts = 10_000

// addMultipartRoutes adds uploads in parts and downloads that go to the storage
// directly. They exist where the storage is S3; elsewhere clients are told to
// send and get artifacts through the server, which they then do.
func (x artifactEndpoints) addMultipartRoutes(h *handler) {
	for _, api := range []string{"/api", "/ajax-api"} {
		prefix := x.staticPrefix + api + "/2.0/mlflow-artifacts/"
		h.addDeep(http.MethodPost, prefix+"mpu/create/", x.uploadEndpoint(h, declareCreateUpload(), x.createUpload))
		h.addDeep(http.MethodPost, prefix+"mpu/complete/", x.uploadEndpoint(h, declareCompleteUpload(), x.completeUpload))
		h.addDeep(http.MethodPost, prefix+"mpu/abort/", x.uploadEndpoint(h, declareAbortUpload(), x.abortUpload))
		h.addDeep(http.MethodGet, prefix+"presigned/", x.presignProxied)
	}
}

func notSupported(what string) error {
	return &mlflow.Error{Code: "NOT_IMPLEMENTED", Message: what + " is not supported for the current artifact repository"}
}

// uploadRequest is what the requests of an upload in parts have together.
type uploadRequest struct {
	key   string // of the object
	name  string // of the file at the client, maybe with its directory
	id    string
	parts []UploadedPart
	count int
}

// declareUpload declares the requests of an upload in parts by what they have
// besides the name of the file.
func declareUpload(more func(q *uploadRequest) []wire.Field) *wire.Request[uploadRequest] {
	return wire.Declare(func(q *uploadRequest) []wire.Field {
		return []wire.Field{wire.Text("path", &q.name).Required().IsText()}
	}).With(more)
}

func declareCreateUpload() *wire.Request[uploadRequest] {
	return declareUpload(func(q *uploadRequest) []wire.Field {
		return []wire.Field{wire.Int64("num_parts", &q.count).IsInt()}
	})
}

func declareCompleteUpload() *wire.Request[uploadRequest] {
	return declareUpload(func(q *uploadRequest) []wire.Field {
		return []wire.Field{
			wire.Text("upload_id", &q.id).IsText(),
			wire.Objects("parts", &q.parts, partFields).Required(),
		}
	})
}

func declareAbortUpload() *wire.Request[uploadRequest] {
	return declareUpload(func(q *uploadRequest) []wire.Field {
		return []wire.Field{wire.Text("upload_id", &q.id).IsText()}
	})
}

func partFields(p *UploadedPart) []wire.Field {
	return []wire.Field{
		wire.Int64("part_number", &p.Number),
		wire.Text("etag", &p.ETag),
		wire.Text("url", new(string)), // of no use any more
	}
}

// uploadEndpoint makes an endpoint of an upload in parts. The directory of the
// object is in its path, the name is that of the client's file.
func (x artifactEndpoints) uploadEndpoint(
	h *handler, p *wire.Request[uploadRequest], do func(ctx context.Context, b []byte, q *uploadRequest) ([]byte, error),
) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if x.destination == nil {
			x.writeDisabled(w, r)
			return
		}
		dir := x.tail(r.URL.Path)
		if _, err := cleanPath(dir); err != nil { // before the body is looked at
			x.writeError(w, r, err)
			return
		}
		query(h, p, func(ctx context.Context, b []byte, q *uploadRequest) ([]byte, error) {
			var err error
			if q.key, err = uploadKey(dir, q.name); err != nil {
				return nil, err
			}
			if q.key, err = x.inScope(ctx, q.key); err != nil {
				return nil, err
			}
			if x.direct == nil {
				return nil, notSupported("Multipart upload")
			}
			return do(ctx, b, q)
		})(w, r)
	}
}

// uploadKey returns the key of a file that is sent to a directory. It is the
// same as if the file were sent through the server. Clients before MLflow 3.18
// send the path of the file with them, which may be one of Windows.
func uploadKey(dir, name string) (string, error) {
	dir, err := cleanPath(dir)
	if err != nil {
		return "", err
	}
	name, err = cleanPath(windowsBase(name))
	if err != nil {
		return "", err
	}
	switch name = windowsBase(name); name { // again, for separators that were escaped
	case "", ".", "..":
		return "", invalid("Invalid path")
	}
	return blobKey(dir, name), nil
}

// windowsBase is what follows the last separator of a path, or the colon of a
// drive.
func windowsBase(name string) string {
	if len(name) >= 2 && name[1] == ':' {
		name = name[2:]
	}
	return name[strings.LastIndexAny(name, `/\`)+1:]
}

func (x artifactEndpoints) createUpload(ctx context.Context, b []byte, q *uploadRequest) ([]byte, error) {
	if q.count < 1 || q.count > maxParts {
		return nil, invalid("num_parts must be between 1 and " + strconv.Itoa(maxParts) + " (got " + strconv.Itoa(q.count) + ").")
	}
	id, urls, err := x.direct.CreateUpload(ctx, q.key, q.count)
	if err != nil {
		return nil, err
	}
	b = wire.AppendStringField(append(b, '{'), 1, "upload_id", id)
	b = append(wire.AppendKey(b, 1, "credentials"), '[')
	for i, u := range urls {
		b = append(wire.AppendItem(b, 2), '{')
		b = wire.AppendStringField(b, 3, "url", u)
		b = wire.AppendIntField(b, 3, "part_number", int64(i+1))
		b = wire.CloseObject(b, 2)
	}
	return wire.CloseObject(wire.CloseArray(b, 1), 0), nil
}

func (x artifactEndpoints) completeUpload(ctx context.Context, b []byte, q *uploadRequest) ([]byte, error) {
	return append(b, "{}"...), x.direct.CompleteUpload(ctx, q.key, q.id, q.parts)
}

func (x artifactEndpoints) abortUpload(ctx context.Context, b []byte, q *uploadRequest) ([]byte, error) {
	return append(b, "{}"...), x.direct.AbortUpload(ctx, q.key, q.id)
}

// presignProxied answers with a URL to download a served artifact from the
// storage.
func (x artifactEndpoints) presignProxied(w http.ResponseWriter, r *http.Request) {
	if x.destination == nil {
		x.writeDisabled(w, r)
		return
	}
	name, ok := x.proxiedKey(w, r)
	if !ok {
		return
	}
	x.writeURL(w, r, x.direct, blobKey(name), "Multipart download")
}
