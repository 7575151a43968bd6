package rest

import (
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// newUI returns a directory with a UI, below one with a secret and with a link
// to that.
func newUI(t *testing.T) fs.FS {
	t.Helper()
	dir := t.TempDir()
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, err := z.Write([]byte("console.log(1)"))
	require.NoError(t, err)
	require.NoError(t, z.Close())
	for name, data := range map[string]string{
		"secret": "secret", "ui/index.html": "<!doctype html>page", "ui/static/js/main.1.js": "console.log(1)",
		"ui/static/js/main.1.js.gz": packed.String(), "ui/favicon.ico": "icon", "ui/a b/%41.css": "css",
	} {
		name = filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o750))
		require.NoError(t, os.WriteFile(name, []byte(data), 0o600))
	}
	require.NoError(t, os.Symlink("../secret", filepath.Join(dir, "ui", "link.txt")))
	root, err := os.OpenRoot(filepath.Join(dir, "ui"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, root.Close()) })
	return root.FS()
}

func TestUI(t *testing.T) {
	t.Parallel()
	s := newServer(t, WithUI(newUI(t)))
	for _, tc := range []struct{ path, body, contentType, caching string }{
		{"/", "<!doctype html>page", "text/html; charset=utf-8", "no-cache"},
		{"/static-files/index.html", "<!doctype html>page", "text/html; charset=utf-8", "public, max-age=2419200"},
		{"/static-files/static/js/main.1.js", "console.log(1)", "text/javascript; charset=utf-8", "public, max-age=2419200"},
		{"/static-files/favicon.ico", "icon", "image/vnd.microsoft.icon", "public, max-age=2419200"},
		{"/static-files/a%20b/%2541.css", "css", "text/css; charset=utf-8", "public, max-age=2419200"},
	} {
		w := s.do(http.MethodGet, tc.path, "")
		require.Equal(t, http.StatusOK, w.Code, tc.path)
		require.Equal(t, tc.body, w.Body.String())
		header := w.Header()
		require.Equal(t, tc.contentType, header.Get("Content-Type"))
		require.Equal(t, tc.caching, header.Get("Cache-Control"))
		require.Equal(t, "nosniff", header.Get("X-Content-Type-Options"))
		require.Equal(t, "SAMEORIGIN", header.Get("X-Frame-Options"))
		require.Equal(t, "bytes", header.Get("Accept-Ranges"))
		require.NotEmpty(t, header.Get("Last-Modified"))
		require.Empty(t, header.Get("Content-Encoding"))

		again := s.do(http.MethodGet, tc.path, "", "If-None-Match", header.Get("ETag"))
		require.Equal(t, http.StatusNotModified, again.Code)
		require.Equal(t, tc.caching, again.Header().Get("Cache-Control"))
		again = s.do(http.MethodGet, tc.path, "", "If-Modified-Since", header.Get("Last-Modified"))
		require.Equal(t, http.StatusNotModified, again.Code)
		head := s.do(http.MethodHead, tc.path, "")
		require.Equal(t, header, head.Header())
	}
	part := s.do(http.MethodGet, "/static-files/favicon.ico", "", "Range", "bytes=1-2", "Accept-Encoding", "gzip")
	require.Equal(t, http.StatusPartialContent, part.Code)
	require.Equal(t, "co", part.Body.String())
	require.Equal(t, "bytes 1-2/4", part.Header().Get("Content-Range"))
	require.Equal(t, http.StatusMethodNotAllowed, s.do(http.MethodPost, "/", "").Code)
	require.Equal(t, http.StatusMethodNotAllowed, s.do(http.MethodPut, "/static-files/x", "").Code)
}

func TestUIPacked(t *testing.T) {
	t.Parallel()
	s := newServer(t, WithUI(newUI(t)))
	const script = "/static-files/static/js/main.1.js"
	for accept, packed := range map[string]bool{
		"gzip": true, "deflate, gzip;q=0.5, br": true, "": false, "identity": false, "gzip;q=0": false, "x-gzip": false,
	} {
		w := s.do(http.MethodGet, script, "", "Accept-Encoding", accept)
		require.Equal(t, "text/javascript; charset=utf-8", w.Header().Get("Content-Type"))
		require.Equal(t, "Origin, Accept-Encoding", w.Header().Get("Vary"))
		var in io.Reader = w.Body
		if require.Equal(t, packed, w.Header().Get("Content-Encoding") == "gzip", accept); packed {
			z, err := gzip.NewReader(w.Body)
			require.NoError(t, err)
			in = z
		}
		b, err := io.ReadAll(in)
		require.NoError(t, err)
		require.Equal(t, "console.log(1)", string(b))
	}
	plain := s.do(http.MethodGet, script, "")
	packed := s.do(http.MethodGet, script, "", "Accept-Encoding", "gzip")
	require.NotEqual(t, plain.Header().Get("ETag"), packed.Header().Get("ETag"))
	require.Empty(t, s.do(http.MethodGet, "/static-files/favicon.ico", "", "Accept-Encoding", "gzip").Header().Get("Content-Encoding"))
}

// TestUIStaysInside: no path leads to a file outside of the directory.
func TestUIStaysInside(t *testing.T) {
	t.Parallel()
	s := newServer(t, WithUI(newUI(t)))
	for _, path := range []string{
		"", "static", "static/", "none.js", "../secret", "%2e%2e/secret", "..%2fsecret", "static/../../secret", "/etc/passwd",
		"%2fetc%2fpasswd", `..\secret`, "link.txt", "index.html/", "./index.html", "index.html%00", "static//js/main.1.js",
		strings.Repeat("x", 5000), strings.Repeat("../", 100) + "etc/passwd", "index.html/x", "%ff",
	} {
		w := s.do(http.MethodGet, "/static-files/"+path, "")
		require.NotContains(t, w.Body.String(), "secret", path)
		require.NotContains(t, w.Body.String(), "root:", path)
		require.NotEqual(t, http.StatusOK, w.Code, path)
		if location := w.Header().Get("Location"); location != "" { // for doubled slashes
			require.Regexp(t, "^/static-files/[^/]", location, path)
			continue
		}
		if path != "link.txt" && len(path) < 5000 && path != "index.html%00" && path != "index.html/x" {
			require.Equal(t, http.StatusNotFound, w.Code, path)
		}
	}
}

func TestWithoutUI(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	w := s.do(http.MethodGet, "/", "")
	require.Equal(t, http.StatusOK, w.Code)
	require.Equal(t, "text/html; charset=utf-8", w.Header().Get("Content-Type"))
	require.Contains(t, w.Body.String(), "--ui-dir")
	require.Equal(t, http.StatusNotFound, s.do(http.MethodGet, "/static-files/index.html", "").Code)
}

func TestUIPrefix(t *testing.T) {
	t.Parallel()
	s := newServer(t, WithUI(newUI(t)), WithStaticPrefix("/x/"))
	require.Equal(t, "<!doctype html>page", s.do(http.MethodGet, "/x/", "").Body.String())
	require.Equal(t, "icon", s.do(http.MethodGet, "/x/static-files/favicon.ico", "").Body.String())
	w := s.do(http.MethodGet, "/x", "")
	require.Equal(t, http.StatusPermanentRedirect, w.Code)
	require.Equal(t, "/x/", w.Header().Get("Location"))
	for _, path := range []string{"/", "/static-files/favicon.ico", "/x/x/"} {
		require.Equal(t, http.StatusNotFound, s.do(http.MethodGet, path, "").Code, path)
	}
}
