package rest

import (
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/rest/internal/wire"
)

// appendAnswer appends the answer that is one entity, unless there is an error.
func appendAnswer[T any](
	b []byte, key string, x *T, err error, one func(b []byte, x *T, depth int) []byte,
) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	return wire.AppendOne(b, key, x, one), nil
}

// appendPage appends the answer of a search, whose items stand in an array of
// the name key. What is large goes to the answer in between, if there is one.
func appendPage[T any](
	b []byte, key string, page mlflow.Page[T], appendOne func(b []byte, x T, depth int) []byte, a *answer,
) []byte {
	b = append(b, '{')
	if len(page.Items) > 0 {
		b = append(wire.AppendKey(b, 1, key), '[')
		for _, x := range page.Items {
			b = a.spill(appendOne(wire.AppendItem(b, 2), x, 2))
		}
		b = wire.CloseArray(b, 1)
	}
	return closePage(b, page.NextPageToken)
}

// pageAnswer is the answer of a search whose items are appended one by one.
type pageAnswer struct {
	key string
	any bool // there was an item
}

func (a *answer) beginPage(key string) pageAnswer {
	a.b = append(a.b, '{')
	return pageAnswer{key: key}
}

// array returns what to append the next item to, as an element of an array.
func (p *pageAnswer) array(a *answer) []byte {
	if p.any {
		return a.b
	}
	p.any = true
	return append(wire.AppendKey(a.b, 1, p.key), '[')
}

// end ends the answer.
func (p *pageAnswer) end(a *answer, token string) {
	if p.any {
		a.b = wire.CloseArray(a.b, 1)
	}
	a.b = closePage(a.b, token)
}

// closePage ends the answer of a search.
func closePage(b []byte, token string) []byte {
	if token != "" {
		b = wire.AppendStringField(b, 1, "next_page_token", token)
	}
	return wire.CloseObject(b, 0)
}
