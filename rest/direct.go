package rest

import (
	"context"
	"time"
)

// Direct gives clients URLs by which they reach objects of a bucket without the
// server in between. Keys are those of the bucket of the same storage. Errors
// that clients may see are of type [*dynamodbstore.Error].
type Direct interface {
	// CreateUpload begins an upload of an object in parts, and returns its id
	// and a URL to put each part to. Nothing of the object is visible before the
	// upload is completed; one that never is costs storage until a lifecycle
	// rule of the bucket aborts it.
	CreateUpload(ctx context.Context, key string, parts int) (id string, urls []string, err error)
	// CompleteUpload makes an object of the parts of an upload, atomically.
	CompleteUpload(ctx context.Context, key, id string, parts []UploadedPart) error
	// AbortUpload drops an upload with its parts. One that is not there is
	// nothing to drop and no error.
	AbortUpload(ctx context.Context, key, id string) error
	// DownloadURL returns a URL to get an object from as a download, and the
	// size of the object.
	DownloadURL(ctx context.Context, key, disposition string, life time.Duration) (url string, size int64, err error)
	// UploadURL returns a URL to put an object to. The client has to send the
	// type as a header.
	UploadURL(ctx context.Context, key, contentType string, life time.Duration) (string, error)
}

// UploadedPart is what a client knows of a part that it has put.
type UploadedPart struct {
	Number int
	ETag   string
}

// DirectOpener opens the storage that a URI names for direct access. It returns
// nil and no error for storage that has none.
type DirectOpener func(ctx context.Context, uri string) (Direct, error)

// WithDirect lets clients reach the storage of served artifacts, which
// destination is, and that of runs with artifacts elsewhere, which open opens.
// Either may be nil, which is the default.
func WithDirect(destination Direct, open DirectOpener) Option {
	return func(c *config) { c.direct, c.openDirect = destination, open }
}

// WithMultipart says whether the server tells clients to upload served artifacts
// in parts, and to download them, past the server, where the storage can do
// that. Clients that were set so do it anyway. The default is neither, as in
// MLflow: they have to reach the storage then.
func WithMultipart(uploads, downloads bool) Option {
	return func(c *config) { c.offerUploads, c.offerDownloads = uploads, downloads }
}
