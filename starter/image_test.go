package main

import (
	"testing"

	"imagebatch/workflows/contract"
)

func aPicture() contract.Picture {
	content, colour, size := "red dress", "red", int32(0)
	return contract.Picture{
		ProductID: "1007", PicName: "dress/7.jpg", CategoryID: 1, CustomContent: &content,
		IntAttrs: [4]*int32{&size}, StrAttrs: [4]*string{nil, &colour},
		Region: "20,40,60,80", Width: 400, Height: 534, Task: 12, Line: 7,
	}
}

func TestImageGet(t *testing.T) {
	t.Parallel()
	var sent any
	f := &fakeServer{operate: answering(t, "GetImage", &sent, aPicture(), nil)}
	try(t, f, "image get shop 1007 dress/7.jpg").want(t, exitDone, rows(
		"product         1007",
		"picture         dress/7.jpg",
		"category        Dress",
		"custom content  red dress",
		"attributes      IntAttr=0 StrAttr2=red",
		"size            400 × 534",
		"region          20,40,60,80",
		"stored by       task 12, line 7",
	), "")
	if sent != (contract.PictureRef{Instance: "shop", ProductID: "1007", PicName: "dress/7.jpg"}) {
		t.Errorf("input = %+v", sent)
	}
	single := aPicture()
	single.Line = 0
	added := &fakeServer{operate: answering(t, "GetImage", nil, single, nil)}
	if got := try(t, added, "image get shop 1007 dress/7.jpg"); lastLine(got.stdout) != "stored by       image add, operation 12\n" {
		t.Errorf("standard output:\n%s", got.stdout)
	}
	missing := &fakeServer{operate: answering(t, "GetImage", nil, nil, contract.Errorf(contract.CodePicNotExist, "no picture"))}
	try(t, missing, "image get shop 1007 x.jpg").want(t, exitError, "", "PicNotExist: no picture\n")
}
