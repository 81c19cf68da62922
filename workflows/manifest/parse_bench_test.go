package manifest_test

import (
	"testing"

	"imagebatch/workflows/manifest"
)

const sampleAdd = `{"OperationType":"ADD","ProductId":"1000","PicName":"girlCloth/girl_cloth8.jpg","CustomContent":"k1:v1,k2:v2,k3:v3","CategoryId":0,"IntAttr":0,"StrAttr":"spring","Crop":true,"Region":"20,40,60,80"}`

func BenchmarkParse(b *testing.B) {
	line := []byte(sampleAdd)
	b.SetBytes(int64(len(line)))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, problem := manifest.Parse(line, manifest.Rules{}); problem != nil {
			b.Fatal(problem)
		}
	}
}
