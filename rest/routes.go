package rest

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/rest/internal/wire"
)

// resource is what can be done with one path.
type resource struct {
	pattern string // for logs
	methods map[string]http.HandlerFunc
	allow   string // for the Allow header
	// segments are those of the pattern if some of them, in braces, stand for
	// anything.
	segments []string
}

// deepResource is one whose paths go on behind a prefix, to any depth.
type deepResource struct {
	prefix string // ends in a slash
	*resource
}

// router finds the resource of a path. It is a map and not an http.ServeMux: nearly
// every path is fixed, the few with parameters are tried one after the other,
// artifact paths must arrive as they were sent instead of being cleaned by a
// redirect, and what is unknown has to be answered in Flask's words, from which
// clients tell an old server.
type router struct {
	prefix string // of all paths
	exact  map[string]*resource
	// patterns are those resources whose paths have parameters.
	patterns []*resource
	deep     []deepResource
}

// area is a group of endpoints. It holds what they need, and adds them to a
// handler, which reads their requests and writes their answers. Most need the Store
// alone; those that deal with HTTP themselves also need failures, the configuration
// or the router.
type area interface{ addTo(h *handler) }

// areas are all endpoints: a new area is a file of its own and a line here.
func (h *handler) areas() ([]area, error) {
	c := &h.config
	files := artifactEndpoints{h.store, h.failures, c, h.router}
	charts := metricEndpoints{h.store, h.failures}
	queries := graphEndpoint{store: h.store, failures: h.failures, limits: c.graphLimits, metrics: charts, files: files}
	return []area{
		experimentEndpoints{h.store, c},
		runEndpoints{h.store},
		charts,
		loggedModelEndpoints{h.store, h.failures, files},
		datasetEndpoints{h.store},
		modelEndpoints{h.store, h.failures, c, files},
		files,
		traceEndpoints{h.failures},
		evaluationEndpoints{h.store},
		assistantEndpoints{},
		workspaceEndpoints{h.failures, c},
		&queries,
		infoEndpoints{h.store, c},
		uiEndpoints{h.failures, c, h.router},
	}, queries.parse()
}

func (h *handler) addRoutes() error {
	areas, err := h.areas()
	if err != nil {
		return err
	}
	for _, a := range areas {
		a.addTo(h)
	}
	h.addAbsent()
	for _, res := range h.exact {
		res.setAllow()
	}
	for _, deep := range h.deep {
		deep.setAllow()
	}
	return nil
}

// add adds an endpoint of an API version to both of its prefixes.
func (t *router) add(version, method, path string, fn http.HandlerFunc) {
	t.addPath(method, "/api/"+version+path, fn)
	t.addPath(method, "/ajax-api/"+version+path, fn)
}

func (t *router) addPath(method, path string, fn http.HandlerFunc) {
	path = t.prefix + path
	res := t.exact[path]
	if res == nil {
		res = &resource{pattern: path, methods: map[string]http.HandlerFunc{}}
		t.exact[path] = res
		if strings.Contains(path, "{") {
			res.segments = strings.Split(path, "/")
			t.patterns = append(t.patterns, res)
		}
	}
	res.methods[method] = fn
}

// matches reports whether a path is one of a pattern with parameters. As in
// Flask a parameter is never empty.
func (res *resource) matches(path string) bool {
	for i, want := range res.segments {
		part, rest, more := strings.Cut(path, "/")
		if isParam := strings.HasPrefix(want, "{"); isParam && part == "" || !isParam && part != want ||
			more != (i < len(res.segments)-1) {
			return false
		}
		path = rest
	}
	return true
}

// setParams makes the parameters of a path known to the request. Bytes that are
// no UTF-8 are replaced, as Python does it: no id and no key has such bytes.
func (res *resource) setParams(r *http.Request) {
	if res.segments == nil {
		return
	}
	parts := strings.Split(r.URL.Path, "/")
	for i, name := range res.segments {
		if strings.HasPrefix(name, "{") {
			r.SetPathValue(name[1:len(name)-1], string([]rune(parts[i])))
		}
	}
}

// addDeep adds an endpoint for all paths that begin with a prefix, as it is or
// behind the static prefix, which the caller says.
func (t *router) addDeep(method, prefix string, fn http.HandlerFunc) {
	for _, deep := range t.deep {
		if deep.prefix == prefix {
			deep.methods[method] = fn
			return
		}
	}
	res := &resource{pattern: prefix + "<path:artifact_path>", methods: map[string]http.HandlerFunc{method: fn}}
	t.deep = append(t.deep, deepResource{prefix, res})
}

func (res *resource) setAllow() {
	var methods []string
	for m := range res.methods {
		methods = append(methods, m)
	}
	if res.methods[http.MethodGet] != nil {
		methods = append(methods, http.MethodHead)
	}
	methods = append(methods, http.MethodOptions)
	slices.Sort(methods)
	res.allow = strings.Join(methods, ", ")
}

// find returns the resource of a path, or nil.
func (t *router) find(path string) *resource {
	if res := t.exact[path]; res != nil {
		return res
	}
	for _, res := range t.patterns {
		if res.matches(path) {
			return res
		}
	}
	for i := range t.deep {
		if t.deep[i].has(path) {
			return t.deep[i].resource
		}
	}
	return nil
}

// has tells whether a path is one of the resource. As in Flask its end is not
// empty and does not begin with a slash; that of artifacts, which MLflow serves
// with FastAPI, may.
func (d *deepResource) has(path string) bool {
	end, ok := strings.CutPrefix(path, d.prefix)
	return ok && (strings.HasSuffix(d.prefix, proxyPath+"/") || end != "" && end[0] != '/')
}

// tail is the part of a path behind the prefix of its resource, one that
// addDeep has added.
func (t *router) tail(path string) string {
	for i := range t.deep {
		if tail, ok := strings.CutPrefix(path, t.deep[i].prefix); ok {
			return tail
		}
	}
	return ""
}

func (h *handler) route(w http.ResponseWriter, r *http.Request) {
	res := h.find(r.URL.Path)
	merged := ""
	if res == nil && strings.Contains(r.URL.Path, "//") {
		merged = mergeSlashes(r.URL.Path)
		res = h.find(merged)
	}
	if res == nil {
		if !h.answerAbsent(w, r) {
			writeNotFound(w)
		}
		return
	}
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	fn := res.methods[method]
	switch {
	case fn != nil && merged != "":
		redirect(w, merged, r.URL.RawQuery)
	case fn != nil:
		res.setParams(r)
		fn(w, r)
	case method == http.MethodOptions:
		w.Header().Set("Allow", res.allow)
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(http.StatusNoContent)
	case h.answerAbsent(w, r):
	default:
		w.Header().Set("Allow", res.allow)
		writePage(w, http.StatusMethodNotAllowed, "The method is not allowed for the requested URL.")
	}
}

// mergeSlashes takes several slashes in a row for one.
func mergeSlashes(path string) string {
	for strings.Contains(path, "//") {
		path = strings.ReplaceAll(path, "//", "/")
	}
	return path
}

// redirect sends a client to a path without doubled slashes, as Flask does. It
// begins with one slash, so that it never leads to another host.
func redirect(w http.ResponseWriter, path, query string) {
	w.Header().Set("Location", (&url.URL{Path: path, RawQuery: query}).String())
	writePage(w, http.StatusPermanentRedirect, "The target URL is the one without doubled slashes.")
}

func writeNotFound(w http.ResponseWriter) {
	writePage(w, http.StatusNotFound, "The requested URL was not found on the server. "+
		"If you entered the URL manually please check your spelling and try again.")
}

// writePage answers with a page as Flask makes them.
func writePage(w http.ResponseWriter, code int, text string) {
	title := http.StatusText(code)
	body := "<!doctype html>\n<html lang=en>\n<title>" + strconv.Itoa(code) + " " + title + "</title>\n<h1>" + title +
		"</h1>\n<p>" + text + "</p>\n"
	writeText(w, code, "text/html; charset=utf-8", body)
}

func writeText(w http.ResponseWriter, code int, contentType, body string) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(code)
	_, _ = w.Write([]byte(body))
}

// query makes an endpoint that answers with something.
func query[T any](h *handler, p *wire.Request[T], answer func(ctx context.Context, b []byte, q *T) ([]byte, error)) http.HandlerFunc {
	return h.withBody((*handler).readJSON, func(w http.ResponseWriter, r *http.Request, body *heldBody) {
		q, err := readRequest(p, r, body.data)
		if err != nil {
			h.writeError(w, r, err)
			return
		}
		body.drop()
		buf := getBuffer()
		defer putBuffer(buf)
		b, err := answer(r.Context(), *buf, q)
		if err != nil {
			h.writeError(w, r, err)
			return
		}
		*buf = b
		writeJSON(w, http.StatusOK, b)
	})
}

// command makes an endpoint that answers with an empty object.
func command[T any](h *handler, p *wire.Request[T], do func(ctx context.Context, q *T) error) http.HandlerFunc {
	return query(h, p, func(ctx context.Context, b []byte, q *T) ([]byte, error) {
		return append(b, "{}"...), do(ctx, q)
	})
}
