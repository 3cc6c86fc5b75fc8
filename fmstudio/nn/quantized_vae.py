"""The vector-quantised autoencoder: a picture becomes a grid of code numbers, and such a grid a picture."""

from torch import Tensor, nn

from fmstudio.nn.old_names import accept_old_names
from fmstudio.nn.picture_codec import GridDecoder, GridEncoder, GridShape
from fmstudio.nn.vector_quantizer import VectorQuantizer


class QuantizedVae(nn.Module):
    """Encoder, a codebook of `codes` vectors of `code_width` numbers, and decoder."""

    def __init__(self, shape: GridShape, codes: int, code_width: int) -> None:
        super().__init__()
        self.shape = shape
        features = shape.widths[-1]
        self.encoder = GridEncoder(shape)
        self.to_code = nn.Conv2d(features, code_width, 1)
        self.quantizer = VectorQuantizer(codes, code_width)
        self.from_code = nn.Conv2d(code_width, features, 1)
        self.decoder = GridDecoder(shape)
        accept_old_names(self, "QuantizedVae")

    @property
    def places(self) -> int:
        """How many codes one picture has."""
        rows, columns = self.shape.grid
        return rows * columns

    def vectors(self, pictures: Tensor) -> Tensor:
        """What the encoder says, before quantising: (batch, places, code_width)."""
        return self.to_code(self.encoder(pictures)).flatten(2).transpose(1, 2)

    def encode(self, pictures: Tensor) -> Tensor:
        """Code numbers, row by row: (batch, places) int64."""
        return self.quantizer.nearest(self.vectors(pictures))

    def decode(self, numbers: Tensor) -> Tensor:
        """Pictures of code numbers (batch, places)."""
        return self.decode_vectors(self.quantizer.look_up(numbers))

    def decode_vectors(self, vectors: Tensor) -> Tensor:
        """Pictures of vectors (batch, places, code_width), which need not be codes."""
        grid = vectors.transpose(1, 2).unflatten(2, self.shape.grid)
        return self.decoder(self.from_code(grid))

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Reconstructions, the encoder's vectors (batch, places, code_width), code numbers, commitment loss."""
        vectors = self.vectors(pictures)
        chosen, numbers, commitment = self.quantizer(vectors)
        return self.decode_vectors(chosen), vectors, numbers, commitment
