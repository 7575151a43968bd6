package rest

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
)

// maxParts is the number of parts that S3 takes for an object.
const maxParts = 10_000

// addMultipartRoutes adds uploads in parts and downloads that go to the storage
// directly. They exist where the storage is S3; elsewhere clients are told to
// send and get artifacts through the server, which they then do.
func (h *handler) addMultipartRoutes() {
	for _, api := range []string{"/api", "/ajax-api"} {
		prefix := h.staticPrefix + api + "/2.0/mlflow-artifacts/"
		h.addDeep(http.MethodPost, prefix+"mpu/create/", uploadEndpoint(h, createUploadSpec(), h.createUpload))
		h.addDeep(http.MethodPost, prefix+"mpu/complete/", uploadEndpoint(h, completeUploadSpec(), h.completeUpload))
		h.addDeep(http.MethodPost, prefix+"mpu/abort/", uploadEndpoint(h, abortUploadSpec(), h.abortUpload))
		h.addDeep(http.MethodGet, prefix+"presigned/", h.presignProxied)
	}
}

func notSupported(what string) error {
	return &dynamodbstore.Error{Code: "NOT_IMPLEMENTED", Message: what + " is not supported for the current artifact repository"}
}

// uploadRequest is what the requests of an upload in parts have together.
type uploadRequest struct {
	key   string // of the object
	name  string // of the file at the client, maybe with its directory
	id    string
	parts []UploadedPart
	count int
}

func uploadSpec(fields []field, rules []rule) *spec[uploadRequest] {
	return &spec[uploadRequest]{
		fields: append(texts("path"), fields...),
		rules:  append([]rule{{"path", []check{required(), isString()}}}, rules...),
		scan: func(s *scanner, name []byte, q *uploadRequest) {
			switch string(name) {
			case "path":
				q.name = s.strOrNull()
			case "upload_id":
				q.id = s.strOrNull()
			case "num_parts":
				q.count = scanOptionalInteger(s)
			case "parts":
				q.parts = scanParts(s)
			default:
				s.unknown(name)
			}
		},
		fits: func(*uploadRequest) bool { return false }, // let the rules look; there are few of these requests
	}
}

func createUploadSpec() *spec[uploadRequest] {
	return uploadSpec([]field{f("num_parts", typeInt64)}, []rule{integer("num_parts")})
}

func completeUploadSpec() *spec[uploadRequest] {
	part := messages("parts", f("part_number", typeInt64), f("etag", typeString), f("url", typeString))
	return uploadSpec([]field{f("upload_id", typeString), part}, []rule{text("upload_id"), {"parts", []check{required()}}})
}

func abortUploadSpec() *spec[uploadRequest] {
	return uploadSpec([]field{f("upload_id", typeString)}, []rule{text("upload_id")})
}

func scanParts(s *scanner) []UploadedPart {
	var parts []UploadedPart
	for first := s.enter('['); s.next(&first, ']'); {
		var p UploadedPart
		for first := s.enter('{'); s.next(&first, '}'); {
			switch string(s.name()) {
			case "part_number":
				p.Number = scanOptionalInteger(s)
			case "etag":
				p.ETag = s.strOrNull()
			default: // its URL is of no use any more
				s.skip(0)
			}
		}
		parts = append(parts, p)
	}
	return parts
}

// uploadEndpoint makes an endpoint of an upload in parts. The directory of the
// object is in its path, the name is that of the client's file.
func uploadEndpoint(
	h *handler, p *spec[uploadRequest], do func(ctx context.Context, b []byte, q *uploadRequest) ([]byte, error),
) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if h.destination == nil {
			h.writeDisabled(w, r)
			return
		}
		dir := h.tail(r.URL.Path)
		if _, err := cleanPath(dir); err != nil { // before the body is looked at
			h.writeError(w, r, err)
			return
		}
		query(h, p, func(ctx context.Context, b []byte, q *uploadRequest) ([]byte, error) {
			var err error
			if q.key, err = uploadKey(dir, q.name); err != nil {
				return nil, err
			}
			if h.direct == nil {
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

func (h *handler) createUpload(ctx context.Context, b []byte, q *uploadRequest) ([]byte, error) {
	if q.count < 1 || q.count > maxParts {
		return nil, invalid("num_parts must be between 1 and " + strconv.Itoa(maxParts) + " (got " + strconv.Itoa(q.count) + ").")
	}
	id, urls, err := h.direct.CreateUpload(ctx, q.key, q.count)
	if err != nil {
		return nil, err
	}
	b = appendStringField(append(b, '{'), 1, "upload_id", id)
	b = append(appendKey(b, 1, "credentials"), '[')
	for i, u := range urls {
		b = append(appendItem(b, 2), '{')
		b = appendStringField(b, 3, "url", u)
		b = appendIntField(b, 3, "part_number", int64(i+1))
		b = closeObject(b, 2)
	}
	return closeObject(closeArray(b, 1), 0), nil
}

func (h *handler) completeUpload(ctx context.Context, b []byte, q *uploadRequest) ([]byte, error) {
	return append(b, "{}"...), h.direct.CompleteUpload(ctx, q.key, q.id, q.parts)
}

func (h *handler) abortUpload(ctx context.Context, b []byte, q *uploadRequest) ([]byte, error) {
	return append(b, "{}"...), h.direct.AbortUpload(ctx, q.key, q.id)
}

// presignProxied answers with a URL to download a served artifact from the
// storage.
func (h *handler) presignProxied(w http.ResponseWriter, r *http.Request) {
	if h.destination == nil {
		h.writeDisabled(w, r)
		return
	}
	name, ok := h.proxiedKey(w, r)
	if !ok {
		return
	}
	h.writeURL(w, r, h.direct, blobKey(name), "Multipart download")
}
