package rest

import (
	"context"
	"net/http"
	"path"
	"strconv"
	"time"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/rest/internal/wire"
)

// Bounds of how long a presigned URL works, in seconds. S3 has the same.
const (
	minURLLife       = 1
	maxURLLife       = 7 * 24 * 3600
	uploadURLSeconds = 900
)

// DefaultURLLife is how long a URL for a download works unless the request or
// [WithURLLife] say otherwise.
const DefaultURLLife = 300 * time.Second

// WithURLLife sets how long URLs for downloads work. The default is
// [DefaultURLLife].
func WithURLLife(d time.Duration) Option { return func(c *config) { c.urlLife = d } }

// addPresignedRoutes adds URLs for the artifacts of runs whose artifacts lie in
// S3 and not behind the server.
func (x artifactEndpoints) addPresignedRoutes(h *handler) {
	const base = "/mlflow/artifacts/presigned-"
	h.add("2.0", http.MethodPost, base+"upload-url", query(h, declarePresignUpload(), x.presignUpload))
	h.add("2.0", http.MethodPost, base+"download-url", query(h, declarePresignDownload(), x.presignDownload))
}

type presignedRequest struct {
	run, model, path string
	seconds          *int64
}

func declarePresignDownload() *wire.Request[presignedRequest] {
	return wire.Declare(func(q *presignedRequest) []wire.Field {
		return []wire.Field{
			wire.Text("run_id", &q.run).Required().IsText(),
			wire.Text("path", &q.path).Required().IsText(),
			wire.OptionalInt64("expiration", &q.seconds).IsInt(),
		}
	})
}

func declarePresignUpload() *wire.Request[presignedRequest] {
	return wire.Declare(func(q *presignedRequest) []wire.Field {
		return []wire.Field{
			wire.Text("run_id", &q.run).IsText(),
			wire.Text("path", &q.path).Required().IsText(),
			wire.OptionalInt64("expiration", &q.seconds).IsInt(),
			wire.Text("model_id", &q.model).IsText(),
		}
	}).CheckedIn("run_id", "model_id", "path", "expiration")
}

// life is how long a URL is to work.
func (q *presignedRequest) life(standard time.Duration) (time.Duration, error) {
	if q.seconds == nil {
		return standard, nil
	}
	if *q.seconds < minURLLife || *q.seconds > maxURLLife {
		return 0, invalid("expiration must be between 1 and 604800 seconds (got " + strconv.FormatInt(*q.seconds, 10) + ").")
	}
	return time.Duration(*q.seconds) * time.Second, nil
}

// presignUpload answers with a URL to put an artifact to. MLflow takes any
// expiration; here one that S3 would refuse is refused at once, as it is for
// downloads.
func (x artifactEndpoints) presignUpload(ctx context.Context, b []byte, q *presignedRequest) ([]byte, error) {
	if (q.run == "") == (q.model == "") {
		return nil, invalid("Exactly one of run_id and model_id must be provided.")
	}
	name, err := cleanPath(q.path)
	if err != nil {
		return nil, err
	}
	uri, err := x.artifactURI(ctx, q)
	if err != nil {
		return nil, err
	}
	direct, err := x.directOf(ctx, uri, "upload", "proxied artifact storage", "a direct cloud storage artifact URI")
	if err != nil {
		return nil, err
	}
	life, err := q.life(uploadURLSeconds * time.Second)
	if err != nil {
		return nil, err
	}
	key := blobKey(name)
	if path.Base(name) == "." {
		return nil, invalid("Invalid path")
	}
	kind := contentType(key)
	u, err := direct.UploadURL(ctx, key, kind, life)
	if err != nil {
		return nil, err
	}
	b = wire.AppendStringField(append(b, '{'), 1, "presigned_url", u)
	b = wire.AppendStringField(append(wire.AppendKey(b, 1, "headers"), '{'), 2, "Content-Type", kind)
	return wire.CloseObject(wire.CloseObject(b, 1), 0), nil
}

// artifactURI is where the artifacts of the run or logged model lie.
func (x artifactEndpoints) artifactURI(ctx context.Context, q *presignedRequest) (string, error) {
	if q.model != "" {
		m, err := x.store.of(ctx).GetLoggedModel(ctx, q.model)
		if err != nil {
			return "", err
		}
		return m.ArtifactURI, nil
	}
	run, err := x.store.of(ctx).GetRun(ctx, q.run)
	if err != nil {
		return "", err
	}
	return run.Info.ArtifactURI, nil
}

// presignDownload answers with a URL to get an artifact of a run from.
func (x artifactEndpoints) presignDownload(ctx context.Context, b []byte, q *presignedRequest) ([]byte, error) {
	name, err := cleanPath(q.path)
	if err != nil {
		return nil, err
	}
	life, err := q.life(x.urlLife)
	if err != nil {
		return nil, err
	}
	run, err := x.store.of(ctx).GetRun(ctx, q.run)
	if err != nil {
		return nil, err
	}
	direct, err := x.directOf(ctx, run.Info.ArtifactURI, "download", "runs with proxied artifact storage",
		"a run with a direct cloud storage artifact URI")
	if err != nil {
		return nil, err
	}
	u, size, err := direct.DownloadURL(ctx, blobKey(name), attachment(path.Base(name)), life)
	if err != nil {
		return nil, err
	}
	b = wire.AppendStringField(append(b, '{'), 1, "presigned_url", u)
	return wire.CloseObject(wire.AppendIntField(b, 1, "file_size", size), 0), nil
}

// directOf opens storage for direct access.
func (x artifactEndpoints) directOf(ctx context.Context, uri, what, unsupported, wanted string) (Direct, error) {
	switch scheme, _ := cutScheme(uri); scheme {
	case "http", "https", "mlflow-artifacts":
		return nil, invalid("Presigned " + what + " is not supported for " + unsupported + " (artifact URI scheme: " + scheme +
			"). This endpoint requires " + wanted + ".")
	}
	if x.openDirect == nil {
		return nil, notSupported("Presigned " + what)
	}
	direct, err := x.openDirect(ctx, uri)
	if err == nil && direct == nil {
		return nil, notSupported("Presigned " + what)
	}
	return direct, err
}
