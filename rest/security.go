package rest

import (
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// guarded refuses requests that a browser sends on behalf of a foreign page, as
// MLflow does: by their Host header (DNS rebinding) and their origin.
func (h *handler) guarded(next http.Handler) http.Handler {
	open := slices.Contains(h.allowedOrigins, "*")
	frame := strings.ToUpper(h.frameOptions)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !h.hostAllowed(r) {
			h.log.LogAttrs(r.Context(), slog.LevelWarn, "request with an invalid Host header", slog.String("host", cut(r.Host)))
			writeText(w, http.StatusForbidden, "text/plain", "Invalid Host header - possible DNS rebinding attack detected")
			return
		}
		header := w.Header()
		if origin := r.Header.Get("Origin"); origin != "" && h.answerOrigin(w, r, origin, open) {
			return
		}
		header["Vary"] = varyOrigin
		header["X-Content-Type-Options"] = noSniff
		if frame != "" && frame != "NONE" {
			header.Set("X-Frame-Options", frame)
		}
		next.ServeHTTP(w, r)
	})
}

// The values of headers that are on every response; nobody changes them.
//
//nolint:gochecknoglobals // see above
var (
	jsonType   = []string{"application/json"}
	varyOrigin = []string{"Origin"}
	noSniff    = []string{"nosniff"}
)

// maxHost is longer than any name of a host with a port, and any origin with
// one. What is longer is refused before it is looked at.
const maxHost = 512

// cut cuts what a client sent for the log.
func cut(s string) string { return s[:min(len(s), maxHost)] }

func (h *handler) hostAllowed(r *http.Request) bool {
	if p, ok := strings.CutPrefix(r.URL.Path, h.staticPrefix); ok && (p == "/health" || p == "/version") {
		return true
	}
	if len(r.Host) > maxHost {
		return false
	}
	if len(h.allowedHosts) == 0 {
		return isOwnHost(r.Host)
	}
	return r.Host != "" && slices.ContainsFunc(h.allowedHosts, func(pattern string) bool { return hostMatches(pattern, r.Host) })
}

// hostMatches matches a Host header. A pattern that begins like an address, such
// as 10.*, is of addresses: names that begin with the same digits are not meant.
// Source: MLflow 3.18, server/security_utils.py.
func hostMatches(pattern, host string) bool {
	if !wildcard(pattern, host) {
		return false
	}
	prefix, _, _ := strings.Cut(pattern, "*")
	if !strings.HasSuffix(prefix, ".") || strings.Trim(pattern, "0123456789.:*") != "" {
		return true
	}
	name, _, _ := strings.Cut(host, ":")
	addr, err := netip.ParseAddr(name)
	return err == nil && addr.Is4()
}

// isOwnHost tells whether a Host header names this machine or a private
// address. Names that only look like an address are not among them.
func isOwnHost(host string) bool {
	name := host
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.HasSuffix(host, "]") && strings.Count(host, ":") == 1 ||
		i >= 0 && strings.Contains(host, "]:") {
		name = host[:i]
	}
	name = strings.TrimSuffix(strings.TrimPrefix(name, "["), "]")
	if name == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(name)
	return err == nil && (addr.IsPrivate() || addr.IsLoopback() || addr.IsUnspecified())
}

// wildcard matches with * for any text and ? for one byte. It remembers the last
// * alone: taking more for an earlier one would match no text that taking more
// for the last one does not.
func wildcard(pattern, s string) bool {
	p, i := 0, 0
	star, from := -1, 0 // behind the last *, and where in s what it does not take begins
	for i < len(s) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			p++
			star, from = p, i
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == s[i]):
			p++
			i++
		case star < 0:
			return false
		default:
			from++
			p, i = star, from
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// answerOrigin sets the CORS headers and answers the request if it is a
// preflight or must not go on.
func (h *handler) answerOrigin(w http.ResponseWriter, r *http.Request, origin string, open bool) bool {
	header := w.Header()
	if len(origin) > maxHost {
		origin = "null" // as browsers call one that is none of anybody's business
	}
	allowed := open || h.originListed(origin) || isLocalOrigin(origin, true)
	switch {
	case open:
		header.Set("Access-Control-Allow-Origin", "*")
	case allowed:
		header.Set("Access-Control-Allow-Origin", origin)
		fallthrough
	default:
		header.Set("Access-Control-Allow-Credentials", "true")
	}
	if r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "" {
		preflight(w, r, allowed)
		return true
	}
	header.Set("Access-Control-Expose-Headers", "*")
	if open || !changesState(r.Method) || !h.isAPI(r.URL.Path) || h.originListed(origin) || isLocalOrigin(origin, false) {
		return false
	}
	h.log.LogAttrs(r.Context(), slog.LevelWarn, "blocked cross-origin request", slog.String("origin", cut(origin)))
	writeText(w, http.StatusForbidden, "text/plain", "Cross-origin request blocked")
	return true
}

func preflight(w http.ResponseWriter, r *http.Request, allowed bool) {
	header := w.Header()
	header.Set("Access-Control-Allow-Methods", "GET, POST, PUT, DELETE, OPTIONS, PATCH")
	header.Set("Access-Control-Max-Age", "600")
	header["Vary"] = varyOrigin
	if names := r.Header.Get("Access-Control-Request-Headers"); names != "" && allowed {
		header.Set("Access-Control-Allow-Headers", names)
	}
	if allowed {
		writeText(w, http.StatusOK, "text/plain; charset=utf-8", "OK")
		return
	}
	writeText(w, http.StatusBadRequest, "text/plain; charset=utf-8", "Disallowed CORS origin")
}

func changesState(method string) bool {
	switch method {
	case http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodPatch:
		return true
	}
	return false
}

func (h *handler) isAPI(path string) bool {
	// Some of the API is there without the static prefix as well.
	path = strings.TrimPrefix(path, h.staticPrefix)
	return strings.HasPrefix(path, "/api/") || strings.HasPrefix(path, "/ajax-api/")
}

func (h *handler) originListed(origin string) bool {
	return slices.ContainsFunc(h.allowedOrigins, func(pattern string) bool { return wildcard(pattern, origin) })
}

// isLocalOrigin tells whether a page comes from this machine. To be told so by
// a CORS header, it must have come by plain HTTP.
func isLocalOrigin(origin string, plain bool) bool {
	u, err := url.Parse(origin)
	if err != nil || plain && (u.Scheme != "http" || u.Path != "" || u.RawQuery != "") {
		return false
	}
	switch u.Hostname() {
	case "localhost", "127.0.0.1", "::1":
		return true
	}
	return false
}
