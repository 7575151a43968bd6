package rest

import (
	"errors"
	"io"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
)

// How long browsers may keep the files of the UI. The page itself names them
// by their hashes, so it is asked for each time. Source: MLflow 3.17,
// server/__init__.py.
const (
	pageCaching = "no-cache"
	fileCaching = "public, max-age=2419200"
)

const staticFiles = "/static-files/"

// uiEndpoints are the page of the web UI and its files.
type uiEndpoints struct {
	failures
	*config
	*router
}

func (x uiEndpoints) addTo(h *handler) {
	h.addPath(http.MethodGet, "/", x.sendPage)
	if x.staticPrefix != "" {
		// The page names its files relative to itself, so its path has to end
		// in a slash.
		h.addPath(http.MethodGet, "", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, x.staticPrefix+"/", http.StatusPermanentRedirect)
		})
	}
	if x.ui != nil {
		h.addDeep(http.MethodGet, x.staticPrefix+staticFiles, x.sendFile)
	}
}

// noUI is the page of a server without the UI.
const noUI = "<!doctype html>\n<html lang=en>\n<title>MLflow</title>\n<h1>This server has no web UI</h1>\n" +
	"<p>The API is served, and clients can use it. To get the UI, run <code>make ui</code> and start the server with " +
	"<code>--ui-dir build/ui</code>; <code>make run</code> does both.</p>\n"

func (x uiEndpoints) sendPage(w http.ResponseWriter, r *http.Request) {
	if x.ui == nil {
		writeText(w, http.StatusOK, "text/html; charset=utf-8", noUI)
		return
	}
	x.sendUI(w, r, "index.html", pageCaching)
}

func (x uiEndpoints) sendFile(w http.ResponseWriter, r *http.Request) {
	x.sendUI(w, r, x.tail(r.URL.Path), fileCaching)
}

// sendUI sends a file of the UI, whole or in part, or says that the browser has
// it already.
func (x uiEndpoints) sendUI(w http.ResponseWriter, r *http.Request, name, caching string) {
	header := w.Header()
	header.Set("Vary", "Origin, Accept-Encoding")
	f, etag, err := openFile(x.ui, name, acceptsGzip(r))
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrInvalid):
		writeNotFound(w)
		return
	case err != nil:
		x.writeError(w, r, err)
		return
	}
	defer func() { _ = f.Close() }() // it was only read from
	if f.packed {
		header.Set("Content-Encoding", "gzip")
	}
	header.Set("Content-Type", uiType(name))
	header.Set("Cache-Control", caching)
	header.Set("ETag", etag)
	http.ServeContent(w, r, name, f.info.ModTime(), f)
}

// uiFile is an open file of the UI.
type uiFile struct {
	io.ReadSeeker
	io.Closer
	info   fs.FileInfo
	packed bool
}

// openFile opens a file, or what is left of it once packed, if that is there
// and wanted.
func openFile(files fs.FS, name string, packed bool) (*uiFile, string, error) {
	if packed {
		f, etag, err := openFile(files, name+".gz", false)
		if err == nil {
			f.packed = true
			return f, etag, nil
		}
	}
	f, err := files.Open(name)
	if err != nil {
		return nil, "", err //nolint:wrapcheck // writeError logs it, and it has the path
	}
	info, err := f.Stat()
	content, seekable := f.(io.ReadSeeker)
	if err == nil && (!info.Mode().IsRegular() || !seekable) {
		err = fs.ErrNotExist
	}
	if err != nil {
		return nil, "", errors.Join(err, f.Close())
	}
	etag := `"` + strconv.FormatInt(info.ModTime().UnixNano(), 36) + "-" + strconv.FormatInt(info.Size(), 36) + `"`
	return &uiFile{ReadSeeker: content, Closer: f, info: info}, etag, nil
}

// acceptsGzip tells whether a whole file may be sent packed. Parts are of the
// file as it is.
func acceptsGzip(r *http.Request) bool {
	if r.Header.Get("Range") != "" {
		return false
	}
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		coding, weight, _ := strings.Cut(part, ";")
		if strings.TrimSpace(coding) == "gzip" {
			q, err := strconv.ParseFloat(strings.TrimPrefix(strings.TrimSpace(weight), "q="), 64)
			return err != nil || q > 0
		}
	}
	return false
}

// uiType is the type of a file of the UI, whatever the machine knows of types:
// with nosniff, browsers refuse a script or style that has another.
func uiType(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".js", ".mjs", ".cjs":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".txt":
		return "text/plain; charset=utf-8"
	case ".json":
		return "application/json"
	case ".svg":
		return "image/svg+xml; charset=utf-8"
	case ".png":
		return "image/png"
	case ".ico":
		return "image/vnd.microsoft.icon"
	case ".woff":
		return "font/woff"
	case ".woff2":
		return "font/woff2"
	case ".ttf":
		return "font/ttf"
	}
	return "application/octet-stream"
}
