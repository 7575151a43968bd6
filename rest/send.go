package rest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path"
	"strconv"
	"time"

	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"
)

var errIsDirectory = errors.New("artifact is a directory")

func directoryText(name string) string {
	return "Artifact path refers to a directory, not a file: '" + name + "'"
}

// send streams an artifact, or the part of it that is asked for. An error means
// that nothing was sent yet.
func (x artifactEndpoints) send(w http.ResponseWriter, r *http.Request, bucket *blob.Bucket, key string) error {
	if key == "" {
		return errIsDirectory
	}
	if r.Method == http.MethodHead || r.Header.Get("Range") != "" {
		return x.sendPart(w, r, bucket, key)
	}
	in, err := bucket.NewReader(r.Context(), key, nil)
	if err != nil {
		return openError(r.Context(), bucket, key, err)
	}
	describe(w, key, in.ModTime(), in.Size())
	byteRange{0, in.Size()}.describe(w, http.StatusOK, in.Size())
	return x.copyOut(w, r, in, http.StatusOK)
}

// sendPart looks at an artifact before it is opened: its size has to be known
// before a part can be asked for, and a HEAD asks for no more.
func (x artifactEndpoints) sendPart(w http.ResponseWriter, r *http.Request, bucket *blob.Bucket, key string) error {
	attrs, err := bucket.Attributes(r.Context(), key)
	if err != nil {
		return openError(r.Context(), bucket, key, err)
	}
	part, status := byteRange{0, attrs.Size}, http.StatusOK
	if rangeHolds(r, attrs) {
		switch asked, kind := parseRange(r.Header.Get("Range"), attrs.Size); kind {
		case onePart:
			part, status = asked, http.StatusPartialContent
		case noRange:
			w.Header().Set("Content-Range", "bytes */"+strconv.FormatInt(attrs.Size, 10))
			writePage(w, http.StatusRequestedRangeNotSatisfiable, "The server cannot provide the requested range.")
			return nil
		case wholeFile:
		}
	}
	var in *blob.Reader
	if r.Method != http.MethodHead {
		if in, err = bucket.NewRangeReader(r.Context(), key, part.start, part.length, nil); err != nil {
			return openError(r.Context(), bucket, key, err)
		}
		if in.Size() != attrs.Size || !in.ModTime().Equal(attrs.ModTime) {
			return errors.Join(errors.New("artifact was replaced while it was opened"), in.Close())
		}
	}
	describe(w, key, attrs.ModTime, attrs.Size)
	part.describe(w, status, attrs.Size)
	if in == nil {
		w.WriteHeader(status)
		return nil
	}
	return x.copyOut(w, r, in, status)
}

// rangeHolds tells whether the part is to be of what the client has the rest
// of, and still is.
func rangeHolds(r *http.Request, attrs *blob.Attributes) bool {
	condition := r.Header.Get("If-Range")
	return condition == "" || condition == entityTag(attrs.ModTime, attrs.Size) ||
		condition == attrs.ModTime.UTC().Format(http.TimeFormat)
}

// openError tells what it means that an artifact cannot be opened.
func openError(ctx context.Context, bucket *blob.Bucket, key string, err error) error {
	if gcerrors.Code(err) != gcerrors.NotFound && !unnameable(err) {
		return fmt.Errorf("open artifact: %w", err)
	}
	if isDir(ctx, bucket, key) {
		return errIsDirectory
	}
	return noSuchArtifact(key)
}

// describe sets the headers that any answer with an artifact has. Whatever its
// type, a browser saves it instead of showing it as a page of the server, and
// would run nothing in it if it did show it. The web UI reads artifacts by
// scripts, to which these headers do nothing.
func describe(w http.ResponseWriter, key string, modified time.Time, size int64) {
	header := w.Header()
	header.Set("Content-Type", contentType(key))
	header.Set("Content-Disposition", attachment(path.Base(key)))
	header.Set("Content-Security-Policy", "sandbox")
	header.Set("Cache-Control", "no-cache")
	header.Set("Accept-Ranges", "bytes")
	header.Set("ETag", entityTag(modified, size))
	if !modified.IsZero() {
		header.Set("Last-Modified", modified.UTC().Format(http.TimeFormat))
	}
}

// entityTag tells versions of an artifact apart as well as storage dates them.
func entityTag(modified time.Time, size int64) string {
	return `"` + strconv.FormatInt(modified.UnixNano(), 36) + "-" + strconv.FormatInt(size, 36) + `"`
}

// copyOut sends the body and closes it.
func (x artifactEndpoints) copyOut(w http.ResponseWriter, r *http.Request, in *blob.Reader, status int) error {
	defer func() { _ = in.Close() }() // it was only read from
	w.WriteHeader(status)
	if _, err := io.Copy(w, in); err != nil {
		if r.Context().Err() == nil {
			x.log.LogAttrs(r.Context(), slog.LevelError, "artifact was cut short", slog.Any("error", err))
		}
		panic(http.ErrAbortHandler) // the client must not take it for the whole
	}
	return nil
}
