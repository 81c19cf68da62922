package activities

import (
	"errors"
	"fmt"

	"imagebatch/workflows/contract"
	"imagebatch/workflows/manifest"
)

// validate checks what a picture's header says against what the service type
// accepts; no pixel has been decoded yet. nil means that it may be.
// Source: https://www.alibabacloud.com/help/en/image-search/product-overview/limits
func validate(header Header, service contract.ServiceType) *contract.Error {
	low, high := service.PixelBounds()
	if min(header.Width, header.Height) < low || max(header.Width, header.Height) > high {
		return contract.Errorf(contract.CodeUnsupportedPicPixels,
			"the picture has %d × %d pixels; width and height must each be %d to %d: resize it", header.Width, header.Height, low, high)
	}
	if header.Orientation > 1 {
		return contract.Errorf(contract.CodeIncorrectOrientation,
			"the picture is stored rotated or mirrored (EXIF orientation %d); only 1 or none is accepted: turn the pixels and remove the flag", header.Orientation)
	}
	return nil
}

// validateRegion checks a region against the size of the picture it lies in.
func validateRegion(region *manifest.Region, header Header) *contract.Error {
	if region == nil || region.Within(header.Width, header.Height) {
		return nil
	}
	return contract.Errorf(contract.CodeInvalidRegion,
		"Region %s is not inside the picture of %d × %d pixels; give x1,x2,y1,y2 with x2 up to %d and y2 up to %d",
		region, header.Width, header.Height, header.Width, header.Height)
}

// errNoPicture is what an object without content is.
var errNoPicture = fmt.Errorf("%w: the file is empty; upload it again", ErrUnsupportedFormat)

// imagingError makes a refusal of what is the picture's own fault; every other
// error says nothing about the picture and stays what it is. The vendor has one
// code for a format it does not know and for data it cannot decode.
func imagingError(err error) error {
	switch {
	case errors.Is(err, ErrUnsupportedFormat):
		return contract.Errorf(contract.CodeUnsupportedPicFormat, "%v", err)
	case errors.Is(err, ErrUndecodable):
		return contract.Errorf(contract.CodeUnsupportedPicFormat, "%v; the file is cut short or damaged: upload it again", err)
	}
	return err
}
