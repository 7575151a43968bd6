package rest

import (
	"net/http"
	"path"
	"strconv"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pyrepr"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/rest/internal/wire"
)

// WithPresignedOnly lets no artifact pass through the server: clients get URLs
// to send them to storage, and to get them from there, or an error that says
// so. The default is off.
func WithPresignedOnly(on bool) Option { return func(c *config) { c.presignedOnly = on } }

// uploaded and downloaded are endpoints through which artifacts pass.
// Source: MLflow 3.18, server/artifact_transfer.py.
func (x artifactEndpoints) uploaded(next http.HandlerFunc) http.HandlerFunc {
	return x.unlessPresigned(next, "uploaded directly to storage", "upload", false)
}

func (x artifactEndpoints) downloaded(next http.HandlerFunc) http.HandlerFunc {
	return x.unlessPresigned(next, "downloaded directly from storage", "download", false)
}

// downloadedOrPresigned is an endpoint that answers with a URL if it is asked
// for one.
func (x artifactEndpoints) downloadedOrPresigned(next http.HandlerFunc) http.HandlerFunc {
	return x.unlessPresigned(next, "downloaded directly from storage", "download", true)
}

func (x artifactEndpoints) unlessPresigned(next http.HandlerFunc, how, what string, presigns bool) http.HandlerFunc {
	if !x.presignedOnly {
		return next
	}
	e := &mlflow.Error{
		Code: "PERMISSION_DENIED",
		Message: "This server requires artifacts to be " + how + ". Upgrade your MLflow client to match this server (MLflow " +
			Version + ") or a newer version with presigned-only artifact support, then retry the " + what +
			". If you are using the MLflow UI, reload the page to refresh the server settings.",
	}
	body := appendError(nil, e)
	body = append(body[:len(body)-1], `, "artifacts_presigned_only": true}`...)
	return func(w http.ResponseWriter, r *http.Request) {
		if presigns && asksForURL(r) {
			next(w, r)
			return
		}
		writeJSON(w, http.StatusForbidden, body)
	}
}

// asksForURL tells whether a request for an artifact is for a URL of it.
func asksForURL(r *http.Request) bool {
	return wire.FirstOf(wire.ParseQuery(r.URL.RawQuery))["presigned"] == "true"
}

// sendOrPresign sends an artifact below a URI, or answers with a URL of it if
// that is asked for.
func (x artifactEndpoints) sendOrPresign(w http.ResponseWriter, r *http.Request, uri, name string) {
	if !asksForURL(r) {
		x.sendFrom(w, r, uri, name)
		return
	}
	direct, key := x.direct, blobKey(name)
	if prefix, served := proxiedRoot(uri); served {
		prefix, err := x.inScope(r.Context(), prefix)
		if err != nil {
			x.writeError(w, r, err)
			return
		}
		key = blobKey(prefix, name)
	} else if direct = nil; x.openDirect != nil {
		var err error
		if direct, err = x.openDirect(r.Context(), uri); err != nil {
			x.writeError(w, r, err)
			return
		}
	}
	x.writeURL(w, r, direct, key, "Presigned download")
}

// writeURL answers with a URL to download an object. Storage that has none does
// not support what is asked for.
func (x artifactEndpoints) writeURL(w http.ResponseWriter, r *http.Request, direct Direct, key, what string) {
	if direct == nil {
		x.writeError(w, r, notSupported(what))
		return
	}
	u, size, err := direct.DownloadURL(r.Context(), key, attachment(path.Base(key)), x.urlLife)
	if err != nil {
		x.writeError(w, r, err)
		return
	}
	b := pyrepr.AppendJSON([]byte(`{"url": `), u)
	b = strconv.AppendInt(append(b, `, "headers": {}, "file_size": `...), size, 10)
	writeJSON(w, http.StatusOK, append(b, '}'))
}
